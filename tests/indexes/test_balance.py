"""Which node an index goes to, and which moves even nodes out."""

from collections import Counter
from uuid import UUID

import pytest

from indexes.deployment.balance import Candidate, Need, assigned, roomiest
from indexes.deployment.moves import rebalanced

GB = 2**30


def node(number: int, *, capacity: int = 100, memory: int = 8 * GB, **has: float) -> Candidate:
    return Candidate(UUID(int=number), f"n{number}", capacity, memory, **has)  # type: ignore[arg-type]  # fields by name


def index(number: int) -> UUID:
    return UUID(int=1000 + number)


def chosen(*candidates: Candidate, need: Need | None = None) -> str | None:
    found = roomiest(candidates, need or Need())
    return found.name if found else None


def test_the_least_burdened_node_is_chosen_by_number_memory_and_requests() -> None:
    assert chosen(node(1, indexes=3), node(2, indexes=2)) == "n2"
    assert chosen(node(1, indexes=1, held_bytes=4 * GB), node(2, indexes=1)) == "n2"
    assert chosen(node(1, indexes=1), node(2, indexes=1, requests_per_s=50.0)) == "n1"
    assert chosen(node(1), node(2)) == "n1"


def test_a_larger_node_is_given_more() -> None:
    large, small = node(1, memory=32 * GB, held_bytes=9 * GB), node(2, held_bytes=4 * GB)
    assert chosen(large, small, need=Need(GB)) == "n1"


def test_memory_that_would_not_do_is_the_last_resort() -> None:
    idle = node(1, memory=2 * GB)
    busy = node(2, indexes=60, requests_per_s=900.0)
    assert chosen(idle, busy, need=Need(3 * GB)) == "n2"
    assert chosen(idle, need=Need(3 * GB)) == "n1"


def test_a_node_with_all_the_indexes_it_may_have_gets_no_more() -> None:
    assert chosen(node(1, indexes=100), node(2, indexes=99)) == "n2"
    assert chosen(node(1, indexes=100)) is None
    few = assigned({index(one): Need() for one in range(5)}, [node(1, capacity=3)])
    assert len(few) == 3


def test_what_a_lost_node_had_is_spread_the_largest_first() -> None:
    needs = {index(one): Need(size_bytes=GB if one else 5 * GB) for one in range(6)}
    found = assigned(needs, [node(1), node(2)])
    held = Counter[UUID]()
    for one, where in found.items():
        held[where] += needs[one].size_bytes
    # Bytes and numbers count alike: one more of the small ones joins the large one.
    assert sorted(held.values()) == [4 * GB, 6 * GB]
    assert len(found) == 6


def test_a_new_node_takes_its_share_and_no_more_is_moved_than_helps() -> None:
    placed = {index(one): (UUID(int=1 + one % 2), Need(GB, 1.0)) for one in range(12)}
    full = {number: node(number, indexes=6, held_bytes=6 * GB, requests_per_s=6.0)
            for number in (1, 2)}  # fmt: skip
    crowd = [*full.values(), node(3)]
    moves = rebalanced(crowd, placed, most=100)
    assert Counter(moves.values()) == {UUID(int=3): 4}
    after = Counter(moves.get(one, where) for one, (where, _) in placed.items())
    assert set(after.values()) == {4}
    assert len(rebalanced(crowd, placed, most=2)) == 2


@pytest.mark.parametrize("count", [1, 2, 3])
def test_nodes_that_are_even_stay_as_they_are(count: int) -> None:
    crowd = [node(number, indexes=4, held_bytes=4 * GB) for number in range(1, count + 1)]
    placed = {index(one): (UUID(int=1 + one % count), Need(GB)) for one in range(4 * count)}
    assert rebalanced(crowd, placed, most=100) == {}
