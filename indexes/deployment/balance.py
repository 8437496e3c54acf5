"""Which node an index goes to, by memory, number of indexes and requests: pure functions."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple
from uuid import UUID

# What a move must take off the fuller of two nodes, in fair shares, to be worth its short gap.
_LEAST_GAIN = 0.1


class Need(NamedTuple):
    """What an index takes: bytes stored, and requests a second of late."""

    size_bytes: int = 0
    requests_per_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Candidate:
    """A node that may take indexes, with what it has; `memory_bytes` 0 is unknown."""

    node_id: UUID
    name: str
    capacity: int
    memory_bytes: int
    indexes: int = 0
    held_bytes: int = 0
    requests_per_s: float = 0.0

    def with_one_more(self, need: Need, *, sign: int = 1) -> "Candidate":
        return replace(
            self,
            indexes=self.indexes + sign,
            held_bytes=self.held_bytes + sign * need.size_bytes,
            requests_per_s=self.requests_per_s + sign * need.requests_per_s,
        )

    def fits(self, need: Need) -> bool:
        return not self.memory_bytes or self.held_bytes + need.size_bytes <= self.memory_bytes


def roomiest(candidates: Sequence[Candidate], need: Need) -> Candidate | None:
    """The one that is least burdened with it; None where every one has all the indexes it may.

    Memory that would not do is taken only where no other has more: an index that is loaded and
    unloaded again answers at least.
    """
    open_ones = [one for one in candidates if one.indexes < one.capacity]
    if not open_ones:
        return None

    def burden(one: Candidate) -> tuple[bool, float, int, str]:
        then = [other.with_one_more(need) if other is one else other for other in candidates]
        mine = then[candidates.index(one)]
        return not one.fits(need), _pressure(mine, then), one.indexes, one.name

    return min(open_ones, key=burden)


def assigned(needs: Mapping[UUID, Need], candidates: Sequence[Candidate]) -> dict[UUID, UUID]:
    """A node for each index, the largest first; indexes that no node may take are left out."""
    crowd, found = list(candidates), dict[UUID, UUID]()
    for index_id, need in sorted(needs.items(), key=lambda one: (-one[1].size_bytes, one[0])):
        chosen = roomiest(crowd, need)
        if chosen is None:
            break
        crowd[crowd.index(chosen)] = chosen.with_one_more(need)
        found[index_id] = chosen.node_id
    return found


def rebalanced(
    candidates: Sequence[Candidate],
    placed: Mapping[UUID, tuple[UUID, Need]],
    *,
    most: int,
) -> dict[UUID, UUID]:
    """Moves, so many at most, that even the nodes out: index to node. `placed` tells each index's
    node and need. None once the next one would gain too little."""
    crowd = {one.node_id: one for one in candidates}
    where, moves = dict(placed), dict[UUID, UUID]()
    while len(moves) < most and len(crowd) > 1:
        best = _best_move(crowd, where, moves)
        if best is None:
            break
        index_id, target = best
        source, need = where[index_id]
        crowd[source] = crowd[source].with_one_more(need, sign=-1)
        crowd[target] = crowd[target].with_one_more(need)
        where[index_id], moves[index_id] = (target, need), target
    return moves


def _best_move(
    crowd: Mapping[UUID, Candidate],
    where: Mapping[UUID, tuple[UUID, Need]],
    moved: Mapping[UUID, UUID],
) -> tuple[UUID, UUID] | None:
    """From the fullest to the emptiest: whatever leaves the fuller of the two least burdened."""
    by_pressure = sorted(crowd.values(), key=lambda one: (_pressure(one, crowd.values()), one.name))
    emptiest, fullest = by_pressure[0], by_pressure[-1]
    before = _pressure(fullest, crowd.values())
    found: tuple[float, UUID] | None = None
    for index_id, (node_id, need) in where.items():
        is_movable = node_id == fullest.node_id and index_id not in moved and emptiest.fits(need)
        if not is_movable or emptiest.indexes >= emptiest.capacity:
            continue
        less, more = fullest.with_one_more(need, sign=-1), emptiest.with_one_more(need)
        then = [*(one for one in crowd.values() if one not in {fullest, emptiest}), less, more]
        after = max(_pressure(less, then), _pressure(more, then))
        if before - after > _LEAST_GAIN and (found is None or (after, index_id) < found):
            found = after, index_id
    return None if found is None else (found[1], emptiest.node_id)


def _pressure(one: Candidate, crowd: Iterable[Candidate]) -> float:
    """How much of indexes, bytes and requests it has, in fair shares: 1 is as much as its size."""
    others = list(crowd)
    capacity = one.capacity / sum(other.capacity for other in others)
    is_known = all(other.memory_bytes for other in others)
    size = (
        one.memory_bytes / sum(other.memory_bytes for other in others)
        if is_known
        else 1 / len(others)
    )
    shares = (
        _share(one.indexes, sum(other.indexes for other in others), capacity),
        _share(one.held_bytes, sum(other.held_bytes for other in others), size),
        _share(one.requests_per_s, sum(other.requests_per_s for other in others), size),
    )
    return sum(shares) / len(shares)


def _share(mine: float, everybodys: float, fair: float) -> float:
    return mine / everybodys / fair if everybodys and fair else 0.0
