"""Nodes that are lost, emptied or evened out: their indexes go to others, once, and in order."""

from collections import Counter
from functools import partial
from uuid import UUID

import pytest

from access.actor import OPERATOR
from audit.actions import Action
from audit.models import Event, Outcome
from indexes.deployment.placement import place
from indexes.deployment.relocation import even_out, keep_up_nodes
from indexes.lifecycle import configure_index
from indexes.models import Deployment, Index, Node
from indexes.node_care import (
    admit_node,
    admit_zone,
    drain_node,
    drain_zone,
    rebalance_nodes,
    remove_node,
)
from indexes.nodes import NodeState, node_loads
from kit.errors import FailedPrecondition, InvalidArgument, NotFound, PermissionDenied, Unavailable
from storage import catalog, nodes
from storage.database import Connection
from storage.nodes import Presence
from tests.support.together import together
from tests.support.world import World


class Cluster:
    """Nodes that say what the test has them say."""

    def __init__(self, control: Connection) -> None:
        self.control = control

    def beat(
        self, *names: str, engines: int = 1, place: str = "", lease_s: float = 30, zone: str = ""
    ) -> bool:
        version = catalog.version(self.control)
        told = [
            nodes.beat(
                self.control,
                Presence(name, place or name, f"{name}:8443", engines, 2**33, lease_s, zone),
                version,
            )
            for name in names
        ]
        return all(told)

    def silence(self, name: str, *, seconds: int = 60) -> None:
        """As if it had said nothing for so long since its lease ended."""
        self.control.execute(
            "UPDATE dataplane_node SET lease_ends_at = now() - make_interval(secs => %s)"
            " WHERE name = %s", [seconds, name],
        )  # fmt: skip

    def lose(self, *names: str) -> None:
        """Silent, and missed by workers for a while."""
        for name in names:
            self.silence(name)
        keep_up_nodes()
        self.control.execute(
            "UPDATE dataplane_node SET overdue_since = overdue_since - interval '1 minute'"
            " WHERE name = ANY (%s)", [list(names)],
        )  # fmt: skip

    def where(self, index: Index) -> str | None:
        row = catalog.load_index(self.control, index.pk)
        return row.node_name if row else None

    def is_released(self, index: Index) -> bool:
        row = catalog.load_index(self.control, index.pk)
        assert row is not None
        return row.is_released


@pytest.fixture
def cluster(control: Connection) -> Cluster:
    return Cluster(control)


@pytest.fixture
def indexes(world: World, cluster: Cluster) -> list[Index]:
    """Six, three at each of two nodes."""
    cluster.beat("one", "two")
    found = [world.index(f"index-{number}") for number in range(6)]
    for index in found:
        place(index)
    assert Counter(map(cluster.where, found)) == {"one": 3, "two": 3}
    return found


def test_a_lost_nodes_indexes_are_moved_once_however_many_workers_see_it(
    cluster: Cluster, indexes: list[Index]
) -> None:
    cluster.lose("one")
    before = {index.pk: cluster.where(index) for index in indexes}
    moved = together([keep_up_nodes] * 4)
    assert sum(moved) == 3
    assert {cluster.where(index) for index in indexes} == {"two"}
    assert keep_up_nodes() == 0
    # Nobody has to wait for one whose lease is over; who is heard again must have let go first.
    lost = next(index for index in indexes if before[index.pk] == "one")
    assert cluster.is_released(lost)
    cluster.beat("one")
    assert cluster.is_released(lost)
    nodes.beat(cluster.control, Presence("one", "one", "", 1, 0, 30), version=0)
    assert not cluster.is_released(lost)


def zones_of(cluster: Cluster, indexes: list[Index]) -> Counter[str]:
    """Nodes of these tests begin with their zone."""
    return Counter(str(cluster.where(index))[0] for index in indexes)


@pytest.fixture
def in_zones(world: World, cluster: Cluster) -> tuple[list[Index], list[Index]]:
    """Two organizations' indexes over three zones of two nodes each."""
    for zone in "abc":
        cluster.beat(f"{zone}1", f"{zone}2", zone=zone)
    ours = [world.index(f"ours-{number}") for number in range(6)]
    theirs = [world.index(f"theirs-{n}", project=world.their_project) for n in range(3)]
    for index in (*ours, *theirs):
        place(index)
    return ours, theirs


def test_an_organizations_indexes_are_placed_in_all_zones(
    cluster: Cluster, in_zones: tuple[list[Index], list[Index]]
) -> None:
    ours, theirs = in_zones
    assert zones_of(cluster, ours) == {"a": 2, "b": 2, "c": 2}
    assert zones_of(cluster, theirs) == {"a": 1, "b": 1, "c": 1}


def test_what_a_lost_zone_had_is_spread_over_the_others_and_again_when_it_is_back(
    cluster: Cluster, in_zones: tuple[list[Index], list[Index]]
) -> None:
    ours, theirs = in_zones
    cluster.lose("a1", "a2")
    assert keep_up_nodes() == 3
    assert zones_of(cluster, ours) == {"b": 3, "c": 3}
    assert sorted(zones_of(cluster, theirs).values()) == [1, 2]
    for zone in "abc":  # and others have heard of the moves
        cluster.beat(f"{zone}1", f"{zone}2", zone=zone)
    assert rebalance_nodes(OPERATOR) == 3
    assert zones_of(cluster, ours) == {"a": 2, "b": 2, "c": 2}
    assert zones_of(cluster, theirs) == {"a": 1, "b": 1, "c": 1}


def test_a_drained_nodes_indexes_go_to_where_their_organization_has_fewest(
    cluster: Cluster, in_zones: tuple[list[Index], list[Index]]
) -> None:
    ours, theirs = in_zones
    drain_node(OPERATOR, "a1")
    keep_up_nodes()
    assert "a1" not in {cluster.where(index) for index in (*ours, *theirs)}
    assert zones_of(cluster, ours) == {"a": 2, "b": 2, "c": 2}
    assert zones_of(cluster, theirs) == {"a": 1, "b": 1, "c": 1}


def test_a_zone_is_drained_and_admitted_node_by_node(
    cluster: Cluster, in_zones: tuple[list[Index], list[Index]]
) -> None:
    ours, _ = in_zones
    drain_node(OPERATOR, "a2")
    assert drain_zone(OPERATOR, "a") == ["a1", "a2"]
    keep_up_nodes()
    assert zones_of(cluster, ours) == {"b": 3, "c": 3}
    assert admit_zone(OPERATOR, "a") == ["a1", "a2"]
    assert {one.state for one in node_loads(OPERATOR)} == {NodeState.LIVE}
    events = Event.objects.using("system").filter(target_type="node").order_by("id")
    assert [(one.action, one.target_name) for one in events] == [
        (Action.NODE_DRAINED, "a2"), (Action.NODE_DRAINED, "a1"),
        (Action.NODE_ADMITTED, "a1"), (Action.NODE_ADMITTED, "a2"),
    ]  # fmt: skip


def test_the_last_zone_is_not_drained_nor_one_that_is_not_there(
    cluster: Cluster, in_zones: tuple[list[Index], list[Index]]
) -> None:
    drain_zone(OPERATOR, "a")
    cluster.silence("b1")
    drain_node(OPERATOR, "b2")
    with pytest.raises(FailedPrecondition, match="no other node that could take what zone c has"):
        drain_zone(OPERATOR, "c")
    with pytest.raises(NotFound, match="no node in zone d"):
        drain_zone(OPERATOR, "d")
    with pytest.raises(InvalidArgument, match="one by one"):
        admit_zone(OPERATOR, "")
    failed = Event.objects.using("system").filter(outcome=Outcome.FAILURE).order_by("id")
    assert [one.target_name for one in failed] == ["zone c", "zone d", "zone "]
    assert {one.node.name: one.state for one in node_loads(OPERATOR)}["c1"] == NodeState.LIVE


def test_an_index_that_wants_more_engines_goes_to_a_node_that_has_them(
    world: World, cluster: Cluster
) -> None:
    cluster.beat("a1", engines=1, zone="a")
    cluster.beat("b1", engines=2, zone="b")
    place(world.index("first"))
    place(world.index("second"))
    for name in ("wide", "wider"):
        index = world.index(name)
        widen(world, index, replicas=2)
        assert place(index).node.name == "b1"


def test_an_index_that_is_raised_moves_to_where_there_are_engines_enough(
    world: World, cluster: Cluster
) -> None:
    cluster.beat("a1", engines=1)
    raised, stays, too_much = (world.index(name) for name in ("raised", "stays", "too-much"))
    for index in (raised, stays, too_much):
        place(index)
    cluster.beat("b1", engines=2)
    widen(world, raised, replicas=2)
    widen(world, too_much, replicas=3)
    assert place(raised).node.name == "a1", "served meanwhile where it is"
    assert keep_up_nodes() == 1
    assert [cluster.where(one) for one in (raised, stays, too_much)] == ["b1", "a1", "a1"]
    assert Deployment.objects.using("system").get(index=raised).engines == [0, 1]
    cluster.beat("a1", engines=1)
    assert keep_up_nodes() == 0, "once is enough"
    widen(world, raised, replicas=1)
    assert keep_up_nodes() == 0, "fewer fit where it is"


def test_in_one_pass_no_node_is_given_more_raised_indexes_than_it_may_have(
    world: World, cluster: Cluster
) -> None:
    cluster.beat("a1", engines=1)
    raised = [world.index(name) for name in ("first", "second")]
    for index in raised:
        place(index)
        widen(world, index, replicas=2)
    cluster.beat("b1", engines=2)
    Node.objects.using("system").filter(name="b1").update(capacity=1)
    assert keep_up_nodes() == 1
    assert sorted(str(cluster.where(one)) for one in raised) == ["a1", "b1"]


def widen(world: World, index: Index, *, replicas: int) -> None:
    manual = {"shards": 1, "replicas": replicas}
    dedicated = {"node_type": "b1", "scaling": "Manual", "manual": manual}
    configure_index(world.alice, index, read_capacity={"mode": "Dedicated", "dedicated": dedicated})
    index.refresh_from_db(using="system")


def test_a_node_is_given_time_when_the_database_itself_was_away(
    cluster: Cluster, indexes: list[Index]
) -> None:
    cluster.silence("one")
    cluster.silence("two")
    assert keep_up_nodes() == 0
    cluster.beat("two")
    assert keep_up_nodes() == 0, "moved at the first look"
    cluster.beat("one")
    assert keep_up_nodes() == 0
    assert Counter(map(cluster.where, indexes)) == {"one": 3, "two": 3}
    assert {one.state for one in node_loads(OPERATOR)} == {NodeState.LIVE}


def test_with_nobody_left_to_take_them_indexes_stay_where_they_are(
    cluster: Cluster, indexes: list[Index]
) -> None:
    for name in ("one", "two"):
        cluster.lose(name)
    assert keep_up_nodes() == 0
    assert Counter(map(cluster.where, indexes)) == {"one": 3, "two": 3}


def test_a_drained_node_is_emptied_and_each_index_waits_until_it_was_let_go_of(
    cluster: Cluster, indexes: list[Index]
) -> None:
    drain_node(OPERATOR, "one")
    drain_node(OPERATOR, "one")
    assert keep_up_nodes() == 3
    assert {cluster.where(index) for index in indexes} == {"two"}
    moved = [index for index in indexes if not cluster.is_released(index)]
    assert len(moved) == 3
    cluster.beat("one")  # it has heard of the moves
    assert all(cluster.is_released(index) for index in indexes)
    assert [one.state for one in node_loads(OPERATOR)] == [NodeState.DRAINING, NodeState.LIVE]
    events = Event.objects.using("system").filter(action=Action.NODE_DRAINED)
    assert [one.target_name for one in events] == ["one"], "said twice is done once"


def test_a_drained_node_gets_no_index_until_it_is_admitted_again(
    world: World, cluster: Cluster
) -> None:
    cluster.beat("one", "two")
    drain_node(OPERATOR, "one")
    assert [place(world.index(f"i-{number}")).node.name for number in range(2)] == ["two"] * 2
    admit_node(OPERATOR, "one")
    assert place(world.index("after")).node.name == "one"


def test_a_move_goes_on_from_a_node_that_is_lost_before_it_began(
    cluster: Cluster, indexes: list[Index]
) -> None:
    """Whoever served before the first of both moves may do so still."""
    drain_node(OPERATOR, "one")
    keep_up_nodes()
    cluster.beat("three")
    cluster.lose("two")
    keep_up_nodes()
    assert {cluster.where(index) for index in indexes} == {"three"}
    held = Deployment.objects.using("system").select_related("index").filter(index__in=indexes)
    one = Node.objects.using("system").filter(name="one")[0]
    former = [row for row in held if one.pk in row.former_nodes]
    assert len(former) == 3
    assert not any(cluster.is_released(row.index) for row in former)
    cluster.beat("one")
    assert all(cluster.is_released(index) for index in indexes)


def test_a_new_node_is_given_its_share(cluster: Cluster, indexes: list[Index]) -> None:
    cluster.beat("one", "two", "three")
    assert rebalance_nodes(OPERATOR) == 2
    assert Counter(map(cluster.where, indexes)) == {"one": 2, "two": 2, "three": 2}
    assert even_out(most=10) == {}


def test_a_move_loses_against_one_that_was_made_meanwhile(
    cluster: Cluster, indexes: list[Index]
) -> None:
    drain_node(OPERATOR, "one")
    cluster.beat("three")
    results = together([keep_up_nodes, partial(even_out, most=10), keep_up_nodes])
    assert not [one for one in results if isinstance(one, Exception)]
    assert "one" not in set(map(cluster.where, indexes))


def test_a_node_is_removed_when_it_is_empty_and_stopped(
    cluster: Cluster, indexes: list[Index]
) -> None:
    with pytest.raises(FailedPrecondition, match="still has indexes"):
        remove_node(OPERATOR, "one")
    drain_node(OPERATOR, "one")
    keep_up_nodes()
    cluster.beat("one")
    with pytest.raises(FailedPrecondition, match="is running"):
        remove_node(OPERATOR, "one")
    cluster.silence("one")
    remove_node(OPERATOR, "one")
    assert all(cluster.is_released(index) for index in indexes)
    with pytest.raises(NotFound, match="no node one"):
        remove_node(OPERATOR, "one")
    outcomes = Event.objects.using("system").filter(action=Action.NODE_REMOVED)
    assert Counter(one.outcome for one in outcomes) == {Outcome.FAILURE: 3, Outcome.SUCCESS: 1}


def test_the_last_node_is_not_drained(cluster: Cluster, indexes: list[Index]) -> None:
    cluster.silence("two")
    with pytest.raises(FailedPrecondition, match="no other node"):
        drain_node(OPERATOR, "one")


def test_nodes_are_the_operators_alone(world: World, cluster: Cluster) -> None:
    cluster.beat("one", "two")
    for act in (drain_node, admit_node, remove_node, drain_zone, admit_zone):
        with pytest.raises(PermissionDenied):
            act(world.alice, "one")
    with pytest.raises(PermissionDenied):
        rebalance_nodes(world.alice)
    denied = Event.objects.using("system").filter(outcome=Outcome.DENIED)
    assert denied.filter(action__startswith="node.").count() == 6


def test_two_machines_do_not_share_a_name(cluster: Cluster) -> None:
    assert cluster.beat("one", place="here")
    assert not cluster.beat("one", place="there")
    assert cluster.beat("one", place="here")
    cluster.silence("one")
    assert cluster.beat("one", place="there"), "a machine that was replaced keeps its name"


def test_without_a_live_node_an_index_waits(world: World, cluster: Cluster) -> None:
    cluster.beat("one")
    cluster.silence("one")
    with pytest.raises(Unavailable, match="No index node"):
        place(world.index())


def test_a_node_that_came_back_with_fewer_engines_has_its_indexes_at_those(
    world: World, cluster: Cluster
) -> None:
    cluster.beat("one", engines=3)
    indexes: list[UUID] = [place(world.index(f"i-{number}")).index_id for number in range(3)]
    cluster.beat("one", engines=1)
    keep_up_nodes()
    rows = Deployment.objects.using("system").filter(index__in=indexes)
    assert [row.engines for row in rows] == [[0]] * 3
