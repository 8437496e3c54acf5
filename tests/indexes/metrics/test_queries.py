"""What is read of an index: each range from its own rows, with gaps where nothing was measured."""

from datetime import UTC, datetime, timedelta

import pytest

from indexes.metrics.queries import OPERATIONS, index_metrics
from indexes.metrics.ranges import Range
from indexes.metrics.retention import KEPT
from kit import clock
from kit.errors import InvalidArgument, PermissionDenied
from kit.histograms import RELATIVE_ERROR
from storage.activity import Held
from storage.database import Connection
from tests.support.past_activity import PastActivity
from tests.support.world import World

pytestmark = pytest.mark.usefixtures("audit_context")


@pytest.fixture
def past_activity(control: Connection) -> PastActivity:
    return PastActivity(control)


@pytest.mark.parametrize("over", Range)
def test_a_range_tells_of_its_steps_and_of_the_range_before(
    world: World, past_activity: PastActivity, monkeypatch: pytest.MonkeyPatch, over: Range
) -> None:
    index, vera = world.index(), world.vera
    # Half into a step of every range: none ends while the test runs.
    now = datetime(2026, 11, 25, 12, 7, 30, tzinfo=UTC)
    monkeypatch.setattr(clock, "now", lambda: now)
    step = timedelta(seconds=over.span)
    length = step * len(over.window(now).starts)
    took = [float(n) for n in range(1, 101)]
    past_activity.asked(index, now, took_ms=took, errors={"NOT_FOUND": 2}, held=Held(900, 3))
    past_activity.asked(index, now - 5 * step, "Upsert", took_ms=[8, 9], held=Held(500, 2))
    past_activity.asked(index, now - length, took_ms=[1, 1, 1])
    found = index_metrics(vera, index, over=over)
    assert found.requests["Query"][-1] == 102
    assert found.requests["Upsert"][-6] == 2
    assert sum(map(sum, found.requests.values())) == 104
    assert found.errors == {"NOT_FOUND": [0] * (len(found.starts) - 1) + [2]}
    assert found.latency_ms[95][-1] == pytest.approx(95, rel=RELATIVE_ERROR * 1.01)
    assert found.latency_ms[95][-6] is None
    assert found.freshness_ms[50][-6] == pytest.approx(8, rel=RELATIVE_ERROR * 1.01)
    assert found.records[-7:] == [None, 2, 2, 2, 2, 2, 3]
    assert found.size_bytes[-1] == 900
    assert (found.now.requests, found.now.errors, found.before.requests) == (104, 2, 3)


def test_a_level_of_long_ago_still_holds(world: World, past_activity: PastActivity) -> None:
    index = world.index()
    past_activity.asked(index, clock.now() - timedelta(days=90), took_ms=[1], held=Held(7, 7))
    for over in Range:
        assert set(index_metrics(world.vera, index, over=over).records) == {7}


def test_rows_are_kept_for_twice_the_range_that_they_draw() -> None:
    now = clock.now()
    for over in Range:
        assert now - over.window(now).previous.first <= KEPT[over.span]


def test_strangers_and_data_plane_roles_see_no_metrics(world: World) -> None:
    index = world.index()
    with pytest.raises(PermissionDenied):
        index_metrics(world.mallory, index, over=Range.HOUR)


def test_other_ranges_are_refused() -> None:
    with pytest.raises(InvalidArgument, match="1h, 24h, 7d, 30d"):
        Range.parse("2h")


def test_every_operation_of_the_node_is_known(world: World) -> None:
    from dataplane.front.operations import OPERATIONS as OF_NODES

    assert set(OPERATIONS) == {operation.name for operation in OF_NODES}
