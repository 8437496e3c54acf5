"""What is old or about nobody goes; what still says something stays."""

from datetime import timedelta

from indexes.metrics.models import Activity, Level
from indexes.metrics.retention import KEPT, forget_old_metrics
from indexes.models import Index
from kit import clock
from kit.ids import new_id
from storage.activity import EVERYTHING, Span
from tests.support.world import World


def activity(index: Index, span: Span, age: timedelta) -> None:
    Activity.objects.using("system").create(
        organization_id=index.organization_id, index_id=index.pk, span_s=span,
        start=clock.now() - age, operation="Query", requests=1, took_us=1, histogram={}, errors={},
    )  # fmt: skip


def level(index: Index, span: Span, age: timedelta) -> None:
    start = clock.now() - age
    Level.objects.using("system").create(
        organization_id=index.organization_id, index_id=index.pk, span_s=span, start=start,
        records=1, size_bytes=1, measured_at=start,
    )  # fmt: skip


def test_rows_of_every_tenant_go_at_their_age(world: World) -> None:
    ours, theirs = world.index("movies"), world.index("songs", project=world.their_project)
    hour = timedelta(hours=1)
    for index in (ours, theirs):
        for span, kept in KEPT.items():
            activity(index, span, kept + hour)
            activity(index, span, kept - hour)
    assert forget_old_metrics() == 2 * len(KEPT)
    for index in (ours, theirs):
        left = Activity.objects.using("system").filter(index_id=index.pk)
        assert left.count() == len(KEPT)
    assert forget_old_metrics() == 0


def test_the_last_level_of_an_index_is_kept_for_ever(world: World) -> None:
    index = world.index("movies")
    for days in (500, 600):
        level(index, Span.DAY, timedelta(days=days))
    assert forget_old_metrics() == 1
    (left,) = Level.objects.using("system").filter(index_id=index.pk)
    assert (clock.now() - left.start).days == 500


def test_rows_of_deleted_indexes_go_and_the_sum_over_all_stays(world: World) -> None:
    gone = world.index("gone")
    activity(gone, Span.DAY, timedelta(0))
    level(gone, Span.DAY, timedelta(0))
    for index_id in (EVERYTHING, new_id()):
        Activity.objects.using("system").create(
            organization_id=EVERYTHING, index_id=index_id, span_s=0, start=clock.now(),
            operation="Query", requests=1, took_us=1, histogram={}, errors={},
        )  # fmt: skip
    Index.objects.using("system").filter(pk=gone.pk).update(state="Terminating")
    assert forget_old_metrics() == 3
    (left,) = Activity.objects.using("system").all()
    assert left.index_id == EVERYTHING
