"""What one zone takes with it of an organization: how indexes are spread, and stay so."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexes.deployment.balance import Candidate, Need, assigned, roomiest
from indexes.deployment.moves import rebalanced

MOST_PASSES = 200
organizations = st.integers(1, 4).map(lambda number: UUID(int=number))
needs = st.builds(
    Need, st.integers(0, 4), st.sampled_from([0.0, 1.0, 5.0]), organizations, st.integers(0, 3)
)
zone_names = st.sampled_from(["", "a", "b", "c"])
Placed = Mapping[UUID, tuple[UUID, Need]]


def index(number: int) -> UUID:
    return UUID(int=1000 + number)


def numbered(told: Sequence[Need]) -> dict[UUID, Need]:
    return {index(number): need for number, need in enumerate(told)}


@st.composite
def crowds(draw: st.DrawFn, zones: st.SearchStrategy[str] = zone_names) -> list[Candidate]:
    """Nodes of all kinds, with nothing yet; in a crowd all tell their memory, or none."""
    memory = draw(st.sampled_from([st.just(0), st.integers(1, 12)]))
    told = draw(
        st.lists(
            st.tuples(zones, st.integers(1, 6), memory, st.integers(1, 3)), min_size=1, max_size=6
        )
    )
    return [
        Candidate(UUID(int=number), f"n{number}", capacity, size, zone, engines)
        for number, (zone, capacity, size, engines) in enumerate(told)
    ]


@st.composite
def even_crowds(draw: st.DrawFn) -> list[Candidate]:
    """As many nodes in each zone, with room for everything."""
    zones, each = draw(st.integers(1, 4)), draw(st.integers(1, 3))
    return [
        Candidate(UUID(int=number), f"n{number}", 100, 0, f"z{number % zones}", 3)
        for number in range(zones * each)
    ]


def with_all(crowd: Sequence[Candidate], placed: Placed) -> list[Candidate]:
    found = {one.node_id: one for one in crowd}
    for node_id, need in placed.values():
        found[node_id] = found[node_id].with_one_more(need)
    return list(found.values())


def by_zone(crowd: Sequence[Candidate], placed: Placed) -> dict[UUID, dict[str, int]]:
    """How many of each organization's indexes each zone has, with those that have none."""
    zone_of = {one.node_id: one.zone for one in crowd}
    found = {
        need.organization_id: dict.fromkeys(zone_of.values(), 0) for _, need in placed.values()
    }
    for node_id, need in placed.values():
        found[need.organization_id][zone_of[node_id]] += 1
    return found


def after(placed: Placed, moves: Mapping[UUID, UUID]) -> Placed:
    return {one: (moves.get(one, node), need) for one, (node, need) in placed.items()}


@st.composite
def placements(
    draw: st.DrawFn, crowd_strategy: st.SearchStrategy[list[Candidate]]
) -> tuple[list[Candidate], Placed]:
    """A crowd that has its indexes, wherever they once came to."""
    crowd = draw(crowd_strategy)
    told, placed = draw(st.lists(needs, max_size=20)), dict[UUID, tuple[UUID, Need]]()
    for index_id, need in numbered(told).items():
        open_ones = [one for one in with_all(crowd, placed) if one.is_open]
        if open_ones:
            placed[index_id] = draw(st.sampled_from(open_ones)).node_id, need
    return with_all(crowd, placed), placed


@settings(deadline=None, max_examples=150)
@given(crowd=crowds(), told=st.lists(needs, max_size=24))
def test_no_node_is_given_more_than_it_may_have_while_another_could_take_it(
    crowd: list[Candidate], told: list[Need]
) -> None:
    wanted, now = numbered(told), list(crowd)
    found = assigned(wanted, crowd)
    assert len(found) == min(len(wanted), sum(one.capacity for one in crowd))
    # In the order in which they were given, which is that of the answer.
    for index_id, node_id in found.items():
        need, open_ones = wanted[index_id], [one for one in now if one.is_open]
        (chosen,) = [one for one in open_ones if one.node_id == node_id]
        fitting = [one for one in open_ones if one.fits(need)]
        assert chosen.fits(need) or not fitting
        able = [one for one in fitting or open_ones if one.has_engines(need)]
        assert chosen.has_engines(need) or not able
        now[now.index(chosen)] = chosen.with_one_more(need)


@settings(deadline=None, max_examples=150)
@given(crowd=even_crowds(), told=st.lists(needs, max_size=30))
def test_zones_that_are_alike_have_as_many_of_an_organization_give_or_take_one(
    crowd: list[Candidate], told: list[Need]
) -> None:
    wanted = numbered(told)
    found = assigned(wanted, crowd)
    placed = {one: (found[one], need) for one, need in wanted.items()}
    for counts in by_zone(crowd, placed).values():
        assert max(counts.values()) - min(counts.values()) <= 1


@settings(deadline=None, max_examples=150)
@given(crowd=crowds(st.sampled_from(["", "a"])), told=st.lists(needs, max_size=24))
def test_one_zone_is_as_none(crowd: list[Candidate], told: list[Need]) -> None:
    """By memory and pressure alone, as if nobody knew of zones and organizations."""
    able = [replace(one, zone=crowd[0].zone, engines=3) for one in crowd]
    now, wanted = list(able), numbered(told)
    for index_id, node_id in assigned(wanted, able).items():
        need = wanted[index_id]
        chosen = min((one for one in now if one.is_open), key=lambda one: _burden(one, now, need))
        assert chosen.node_id == node_id
        now[now.index(chosen)] = chosen.with_one_more(need)


def _burden(one: Candidate, crowd: Sequence[Candidate], need: Need) -> tuple[bool, float, int, str]:
    then = [other.with_one_more(need) if other is one else other for other in crowd]
    mine, sizes = one.with_one_more(need), [other.memory_bytes or 1 for other in crowd]
    size = (one.memory_bytes or 1) / sum(sizes)
    told: list[tuple[float, Sequence[float], float]] = [
        (mine.indexes, [other.indexes for other in then],
         one.capacity / sum(other.capacity for other in crowd)),
        (mine.held_bytes, [other.held_bytes for other in then], size),
        (mine.requests_per_s, [other.requests_per_s for other in then], size),
    ]  # fmt: skip
    shares = [own / sum(all_) / fair if sum(all_) else 0.0 for own, all_, fair in told]
    return not one.fits(need), sum(shares) / 3, one.indexes, one.name


@settings(deadline=None, max_examples=150)
@given(found=placements(crowds()))
def test_evening_out_ends_and_leaves_no_organization_less_spread(
    found: tuple[list[Candidate], Placed],
) -> None:
    crowd, placed = found
    for _ in range(MOST_PASSES):
        moves = rebalanced(crowd, placed, most=7)
        if not moves:
            return
        then = after(placed, moves)
        bare = [replace(one, indexes=0, held_bytes=0, requests_per_s=0, by_organization={})
                for one in crowd]  # fmt: skip
        now = with_all(bare, then)
        assert all(one.indexes <= one.capacity for one in now)
        before, afterwards = _unevenness(crowd, placed), _unevenness(now, then)
        assert all(afterwards[one] <= before[one] for one in before)
        crowd, placed = now, then
    pytest.fail("there was always one more move")


def _unevenness(crowd: Sequence[Candidate], placed: Placed) -> dict[UUID, Fraction]:
    """By organization: for each of its indexes, how many others its zone has for its nodes."""
    nodes = Counter(one.zone for one in crowd)
    return {
        one: sum((Fraction(count * (count - 1), nodes[zone]) for zone, count in counts.items()),
                 Fraction(0))
        for one, counts in by_zone(crowd, placed).items()
    }  # fmt: skip


@settings(deadline=None, max_examples=100)
@given(found=placements(even_crowds()))
def test_evening_out_zones_that_are_alike_spreads_organizations(
    found: tuple[list[Candidate], Placed],
) -> None:
    crowd, placed = found
    then = after(placed, rebalanced(crowd, placed, most=100))
    for counts in by_zone(crowd, then).values():
        assert max(counts.values()) - min(counts.values()) <= 1


def node(number: int, zone: str, **own: int) -> Candidate:
    return Candidate(UUID(int=number), f"n{number}", 100, 0, zone, **own)  # type: ignore[arg-type]  # fields by name


def of(number: int, *, engines: int = 1) -> Need:
    return Need(organization_id=UUID(int=number), engines=engines)


def test_an_index_goes_to_the_zone_with_the_fewest_of_its_organization_for_its_nodes() -> None:
    large = [node(1, "a"), node(2, "a"), node(3, "a")]
    crowd = [*large, node(4, "b")]
    for number in (1, 1):
        crowd[0] = crowd[0].with_one_more(of(number))
    # Two of three nodes' zone are fewer than one of one node's.
    crowd[3] = crowd[3].with_one_more(of(1))
    assert getattr(roomiest(crowd, of(1)), "zone", None) == "a"
    crowd[1] = crowd[1].with_one_more(of(1)).with_one_more(of(1))
    assert getattr(roomiest(crowd, of(1)), "zone", None) == "b"
    # Another organization has nothing in either: the least burdened node of all.
    assert getattr(roomiest(crowd, of(2)), "name", None) == "n3"


def test_a_node_with_enough_engines_comes_before_a_better_zone_but_not_before_memory() -> None:
    few, many = node(1, "a", engines=1), node(2, "b", engines=4).with_one_more(of(1))
    assert roomiest([few, many], of(1)) == few
    assert roomiest([few, many], of(1, engines=4)) == many
    assert roomiest([few, many], of(1, engines=9)) == few, "neither has: by zone again"
    full = replace(many, memory_bytes=1, held_bytes=1)
    assert roomiest([few, full], of(1, engines=4)._replace(size_bytes=1)) == few


def test_zones_that_are_named_later_are_filled_by_evening_out() -> None:
    crowd = [node(1, "a"), node(2, "a"), node(3, "b"), node(4, "b")]
    placed = {index(number): (UUID(int=1 + number % 2), of(1)) for number in range(8)}
    placed |= {index(8 + number): (UUID(int=3 + number % 2), of(2)) for number in range(8)}
    then = after(placed, rebalanced(with_all(crowd, placed), placed, most=100))
    assert by_zone(crowd, then) == {UUID(int=1): {"a": 4, "b": 4}, UUID(int=2): {"a": 4, "b": 4}}


def test_an_index_is_not_evened_out_to_a_node_with_too_few_engines() -> None:
    crowd = [node(1, "a", engines=4), node(2, "a", engines=1)]
    placed = {index(number): (UUID(int=1), of(1, engines=4)) for number in range(4)}
    assert rebalanced(with_all(crowd, placed), placed, most=100) == {}
    one_less = placed | {index(9): (UUID(int=1), of(1))}
    assert rebalanced(with_all(crowd, one_less), one_less, most=100) == {index(9): UUID(int=2)}
