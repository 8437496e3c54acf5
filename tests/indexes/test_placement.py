"""Where indexes are placed: on the engine with the least to do, and again where it is no more."""

from collections import Counter

from indexes.deployment.placement import chosen_engines, place, place_again
from indexes.models import Deployment
from indexes.nodes import register_node
from kit.environment import environment
from storage.catalog import load_index
from storage.database import connect
from tests.support.world import World


def test_an_index_stays_with_its_engine_while_there_is_one_of_that_number() -> None:
    assert chosen_engines([], loads=[3, 1, 2]) == [1]
    assert chosen_engines([2], loads=[0, 0, 9]) == [2]
    assert chosen_engines([2], loads=[4, 3]) == [1]


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
