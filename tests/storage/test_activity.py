"""Reports add up in rows of a minute, an hour, a day and of all time; each of them once."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from indexes.metrics.models import Activity as ActivityRow
from indexes.metrics.models import Level
from indexes.models import Index
from kit.ids import new_id
from orgs.tenancy import tenant
from storage import usage
from storage.activity import EVERYTHING, Activity, Held, Span, Subject
from storage.database import Connection
from storage.usage import Report
from tests.support.world import World

NOON = datetime(2026, 11, 25, 12, 0, 7, tzinfo=UTC)


@pytest.fixture
def index(world: World) -> Index:
    return world.index("movies")


def report(index: Index, number: int, at: datetime = NOON, **given: Any) -> Report:
    subject = Subject(index.organization_id, index.pk, "Query")
    held = {} if "held" not in given else {index.pk: Held(*given.pop("held"))}
    return Report(number, {}, at.date(), held, {subject: Activity(**given)}, at)


def rows(index: Index, span: Span) -> list[ActivityRow]:
    with tenant(index.organization_id):
        return list(ActivityRow.objects.filter(index_id=index.pk, span_s=span).order_by("start"))


def levels(index: Index, span: Span) -> list[tuple[int, int]]:
    with tenant(index.organization_id):
        found = Level.objects.filter(index_id=index.pk, span_s=span).order_by("start")
        return list(found.values_list("records", "size_bytes"))


def test_reports_of_several_fronts_are_merged(control: Connection, index: Index) -> None:
    given = {"requests": 3, "took_us": 50, "histogram": {7: 2}, "errors": {"NOT_FOUND": 1}}
    more = {"requests": 2, "took_us": 5, "histogram": {7: 1, 9: 1}, "errors": {}}
    usage.apply(control, new_id(), report(index, 1, **given))
    usage.apply(control, new_id(), report(index, 1, NOON + timedelta(seconds=50), **more))
    for span in Span:
        (row,) = rows(index, span)
        assert (row.operation, row.requests, row.took_us) == ("Query", 5, 55)
        assert (row.histogram, row.errors) == ({"7": 3, "9": 1}, {"NOT_FOUND": 1})
        assert row.start == span.start_of(NOON)


def test_a_report_that_comes_twice_or_late_counts_once(control: Connection, index: Index) -> None:
    me = new_id()
    early = report(index, 1, NOON - timedelta(hours=3), requests=1)
    for one in (early, report(index, 2, requests=2), early, report(index, 2, requests=2)):
        usage.apply(control, me, one)
    late = report(index, 1, NOON - timedelta(hours=3), requests=4)
    usage.apply(control, new_id(), late)
    assert [row.requests for row in rows(index, Span.HOUR)] == [5, 2]
    assert [row.requests for row in rows(index, Span.EVER)] == [7]


def test_the_last_level_of_a_span_stays_in_whatever_order_it_is_told(
    control: Connection, index: Index
) -> None:
    usage.apply(control, new_id(), report(index, 1, held=(100, 5)))
    usage.apply(control, new_id(), report(index, 1, NOON - timedelta(minutes=9), held=(90, 4)))
    usage.apply(control, new_id(), report(index, 1, NOON + timedelta(minutes=9), held=(70, 3)))
    assert levels(index, Span.HOUR) == [(4, 90), (3, 70)]
    assert levels(index, Span.DAY) == [(3, 70)]
    assert levels(index, Span.MINUTE) == [(4, 90), (5, 100), (3, 70)]


def test_the_sum_over_all_stands_apart_from_every_tenant(
    control: Connection, index: Index, world: World
) -> None:
    theirs = world.index("songs", project=world.their_project)
    for one in (index, theirs):
        usage.apply(control, new_id(), report(one, 1, requests=2))
    everything = ActivityRow.objects.using("system").filter(index_id=EVERYTHING, span_s=0)
    assert [row.requests for row in everything] == [4]


def test_a_tenant_sees_its_own_rows_only(control: Connection, index: Index, world: World) -> None:
    usage.apply(control, new_id(), report(index, 1, requests=2, held=(1, 1)))
    with tenant(world.elsewhere.pk):
        assert not ActivityRow.objects.exists()
        assert not Level.objects.exists()
    assert not ActivityRow.objects.exists()


def test_a_late_report_about_a_deleted_index_is_no_failure(
    control: Connection, index: Index
) -> None:
    Index.objects.using("system").filter(pk=index.pk).delete()
    assert usage.apply(control, new_id(), report(index, 1, requests=1, held=(1, 1)))
    assert levels(index, Span.DAY) == []
