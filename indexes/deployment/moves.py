"""Which moves spread organizations over zones and even nodes out: pure functions."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from uuid import UUID

from indexes.deployment.balance import Candidate, Need, Zones, burden, pressure

# What a move must take off the fuller of two nodes, in fair shares, to be worth its short gap.
_LEAST_GAIN = 0.1
# Each index's node and need.
Places = Mapping[UUID, tuple[UUID, Need]]
Move = tuple[UUID, UUID]


def rebalanced(candidates: Sequence[Candidate], placed: Places, *, most: int) -> dict[UUID, UUID]:
    """Moves, so many at most: index to node. First those that spread an organization's indexes
    over zones, then those that even nodes out and leave nobody less spread; none once the next one
    would gain too little."""
    crowd = {one.node_id: one for one in candidates}
    unmoved, moves = dict(placed), dict[UUID, UUID]()
    while len(moves) < most:
        nodes, zones = list(crowd.values()), Zones.of(crowd.values())
        best = _spreading_move(nodes, zones, unmoved) or _evening_move(nodes, zones, unmoved)
        if best is None:
            break
        index_id, target = best
        source, need = unmoved.pop(index_id)
        crowd[source] = crowd[source].with_one_more(need, sign=-1)
        crowd[target] = crowd[target].with_one_more(need)
        moves[index_id] = target
    return moves


def _spreading_move(nodes: Sequence[Candidate], zones: Zones, unmoved: Places) -> Move | None:
    """Whatever gains most by another zone, the smallest first."""
    by_id = {one.node_id: one for one in nodes}

    def gain(index_id: UUID) -> float:
        node_id, need = unmoved[index_id]
        here = by_id[node_id].zone
        return max(zones.relief(need.organization_id, here, zone) for zone in zones.nodes)

    gains = {index_id: gain(index_id) for index_id in unmoved}
    crowded = [one for one in gains if gains[one] > 0]
    for index_id in sorted(crowded, key=lambda one: (-gains[one], unmoved[one][1].size_bytes, one)):
        node_id, need = unmoved[index_id]
        source = by_id[node_id]
        better = [
            one for one in nodes
            if zones.relief(need.organization_id, source.zone, one.zone) > 0
            and _may_go(need, source, one)
        ]  # fmt: skip
        if better:
            target = min(better, key=lambda one: burden(one, need, nodes, zones))
            return index_id, target.node_id
    return None


def _evening_move(nodes: Sequence[Candidate], zones: Zones, unmoved: Places) -> Move | None:
    """From the fullest to the emptiest; where that would do harm, the same of other zones."""
    by_pressure = sorted(nodes, key=lambda one: (pressure(one, nodes), one.name))
    for source in _first_of_zones(reversed(by_pressure)):
        for target in _first_of_zones(by_pressure):
            movable = {
                index_id: need for index_id, (node_id, need) in unmoved.items()
                if node_id == source.node_id and _may_go(need, source, target)
                and zones.relief(need.organization_id, source.zone, target.zone) >= 0
            }  # fmt: skip
            found = _best_between(source, target, nodes, movable)
            if found is not None:
                return found, target.node_id
    return None


def _first_of_zones(nodes: Iterable[Candidate]) -> Iterator[Candidate]:
    seen = set[str]()
    for one in nodes:
        if one.zone not in seen:
            seen.add(one.zone)
            yield one


def _best_between(
    source: Candidate, target: Candidate, nodes: Sequence[Candidate], movable: Mapping[UUID, Need]
) -> UUID | None:
    """Which leaves the fuller of the two least burdened."""
    before = pressure(source, nodes)
    others = [one for one in nodes if one is not source and one is not target]
    found: tuple[float, UUID] | None = None
    for index_id, need in movable.items():
        less, more = source.with_one_more(need, sign=-1), target.with_one_more(need)
        then = [*others, less, more]
        after = max(pressure(less, then), pressure(more, then))
        if before - after > _LEAST_GAIN and (found is None or (after, index_id) < found):
            found = after, index_id
    return None if found is None else found[1]


def _may_go(need: Need, source: Candidate, target: Candidate) -> bool:
    """Not to where it already is, nor to a node that would serve it worse than that."""
    has_engines = target.has_engines(need) or not source.has_engines(need)
    return target is not source and target.is_open and target.fits(need) and has_engines
