"""Where indexes are placed: on the engine with the least to do, and again where it is no more."""

from collections import Counter

from indexes.deployment.placement import chosen_engines, place, place_again
from indexes.deployment.reconcile import reconcile
from indexes.lifecycle import configure_index
from indexes.models import Deployment
from indexes.nodes import register_node
from kit.environment import environment
from storage.catalog import load_index
from storage.database import connect
from tests.support.gatehouse import open_gatehouse
from tests.support.world import World


def test_an_index_stays_with_its_engine_while_there_is_one_of_that_number() -> None:
    assert chosen_engines([], copies=1, loads=[3, 1, 2]) == [1]
    assert chosen_engines([2], copies=1, loads=[0, 0, 9]) == [2]
    assert chosen_engines([2], copies=1, loads=[4, 3]) == [1]


def test_replicas_come_and_go_behind_the_writer_and_are_never_more_than_engines() -> None:
    assert chosen_engines([1], copies=2, loads=[5, 9, 3]) == [1, 2]
    assert chosen_engines([1, 2, 0], copies=2, loads=[0, 0, 0]) == [1, 2]
    assert chosen_engines([1], copies=9, loads=[5, 9, 3]) == [1, 2, 0]
    assert chosen_engines([2, 1], copies=2, loads=[0, 0]) == [1, 0]


def test_indexes_are_spread_over_the_engines_and_found_again_after_a_restart_with_fewer(
    world: World,
) -> None:
    node = register_node(environment().node_name, engines=3)
    indexes = [world.index(f"index-{number}") for number in range(6)]
    placed = {index.pk: place(index) for index in indexes}
    assert Counter(one.engines[0] for one in placed.values()) == {0: 2, 1: 2, 2: 2}
    url = environment().database_system_url.get_secret_value()
    with connect(url, name="test") as connection:
        row = load_index(connection, indexes[0].pk)
    assert row is not None
    assert list(row.engines) == placed[indexes[0].pk].engines

    place_again(register_node(node.name, engines=2))
    now = Deployment.objects.using("system").in_bulk(field_name="index_id")
    assert Counter(one.engines[0] for one in now.values()) == {0: 3, 1: 3}
    for index_id, before in placed.items():
        if before.engines[0] < 2:
            assert now[index_id].engines == before.engines


def test_a_wish_for_replicas_is_carried_out_and_taken_back(world: World) -> None:
    register_node(environment().node_name, engines=2)
    index = world.index()
    with open_gatehouse(index):
        reconcile(index.pk)
        for replicas in (2, 1):
            manual = {"shards": 1, "replicas": replicas}
            dedicated = {"node_type": "b1", "scaling": "Manual", "manual": manual}
            capacity = {"mode": "Dedicated", "dedicated": dedicated}
            configure_index(world.alice, index, read_capacity=capacity)
            reconcile(index.pk)
            placed = Deployment.objects.using("system").filter(index=index)[0]
            assert len(placed.engines) == replicas
            index.refresh_from_db(using="system")
            assert index.generation == index.observed_generation
