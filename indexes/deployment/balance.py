"""Which node an index goes to, by zones, memory, number of indexes and requests: pure functions."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple, Self
from uuid import UUID


class Need(NamedTuple):
    """What an index takes: bytes stored, requests a second of late, engines; and whose it is."""

    size_bytes: int = 0
    requests_per_s: float = 0.0
    organization_id: UUID = UUID(int=0)
    engines: int = 1


@dataclass(frozen=True, slots=True)
class Candidate:
    """A node that may take indexes, with what it has; `memory_bytes` 0 is unknown."""

    node_id: UUID
    name: str
    capacity: int
    memory_bytes: int
    zone: str = ""
    engines: int = 1
    indexes: int = 0
    held_bytes: int = 0
    requests_per_s: float = 0.0
    by_organization: Mapping[UUID, int] = field(default_factory=dict, compare=False)

    def with_one_more(self, need: Need, *, sign: int = 1) -> "Candidate":
        theirs = self.by_organization.get(need.organization_id, 0) + sign
        return replace(
            self,
            indexes=self.indexes + sign,
            held_bytes=self.held_bytes + sign * need.size_bytes,
            requests_per_s=self.requests_per_s + sign * need.requests_per_s,
            by_organization={**self.by_organization, need.organization_id: theirs},
        )

    @property
    def is_open(self) -> bool:
        return self.indexes < self.capacity

    def fits(self, need: Need) -> bool:
        return not self.memory_bytes or self.held_bytes + need.size_bytes <= self.memory_bytes

    def has_engines(self, need: Need) -> bool:
        return need.engines <= self.engines


@dataclass(frozen=True, slots=True)
class Zones:
    """How many nodes each zone has, and how many indexes of each organization."""

    nodes: Mapping[str, int]
    indexes: Mapping[tuple[UUID, str], int]

    @classmethod
    def of(cls, candidates: Iterable[Candidate], organization_id: UUID | None = None) -> Self:
        """With the indexes of all organizations, or of one."""
        nodes, indexes = Counter[str](), Counter[tuple[UUID, str]]()
        for one in candidates:
            nodes[one.zone] += 1
            held = one.by_organization
            for whose in held if organization_id is None else [organization_id]:
                indexes[whose, one.zone] += held.get(whose, 0)
        return cls(nodes, indexes)

    def crowding(self, organization_id: UUID, zone: str, *, more: int = 0) -> float:
        """How many of the organization's indexes the zone has for each of its nodes."""
        return (self.indexes.get((organization_id, zone), 0) + more) / self.nodes[zone]

    def relief(self, organization_id: UUID, source: str, target: str) -> float:
        """How much less crowded an index of the one zone has it in the other."""
        if source == target:
            return 0.0
        left = self.crowding(organization_id, source, more=-1)
        return left - self.crowding(organization_id, target)


def roomiest(candidates: Sequence[Candidate], need: Need) -> Candidate | None:
    """Of the zone that has the fewest of the organization's indexes for its number of nodes, the
    one that is least burdened with it; None where every one has all the indexes it may.

    Memory that would not do is taken only where no other has more: an index that is loaded and
    unloaded again answers at least. Too few engines are taken next to last.
    """
    zones = Zones.of(candidates, need.organization_id)
    open_ones = [one for one in candidates if one.is_open]
    return min(open_ones, key=lambda one: burden(one, need, candidates, zones), default=None)


def burden(
    one: Candidate, need: Need, candidates: Sequence[Candidate], zones: Zones
) -> tuple[bool, bool, float, float, int, str]:
    """How little the node is fit for one more: less is better."""
    mine = one.with_one_more(need)
    then = [mine if other is one else other for other in candidates]
    crowding = zones.crowding(need.organization_id, one.zone)
    is_short = not one.has_engines(need)
    return not one.fits(need), is_short, crowding, pressure(mine, then), one.indexes, one.name


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


def pressure(one: Candidate, crowd: Iterable[Candidate]) -> float:
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
