"""Which segments of a namespace are worth merging into one: a pure choice by their sizes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from pyroaring import BitMap

from storage.manifests import SegmentEntry

_MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Size:
    """What a segment holds; `bytes` is the share of its live rows in its file."""

    segment_id: UUID
    rows: int
    live: int
    bytes: int

    @classmethod
    def of(cls, entry: SegmentEntry) -> "Size":
        deleted = len(BitMap.deserialize(entry.deleted)) if entry.deleted else 0
        live = entry.record_count - deleted
        return cls(
            entry.segment_id,
            entry.record_count,
            live,
            entry.size_bytes * live // entry.record_count,
        )


@dataclass(frozen=True, slots=True)
class MergePolicy:
    """Segments of like size are merged when each of them grows by `growth` at least.

    So a record is rewritten about log(`max_records` / size of a built segment, `growth`) times, and
    the segments that stay are few in every magnitude. What would be larger than `max_records` or
    `max_bytes` is not made. A segment of which `dead_share` has gone is written anew alone.
    """

    max_records: int = 160_000
    max_bytes: int = 1024 * _MIB
    growth: float = 2.5
    dead_share: float = 0.25

    def choose(self, sizes: Sequence[Size]) -> list[UUID]:
        """The segments to replace by one, in the order given; none where nothing is worth it.

        Of several groups the one of most segments, then the one of fewest records.
        """
        groups = self._groups(sorted(sizes, key=lambda size: size.live))
        best = max(groups, key=_worth, default=None) or self._mostly_dead(sizes)
        chosen = {size.segment_id for size in best}
        return [size.segment_id for size in sizes if size.segment_id in chosen]

    def _groups(self, ascending: list[Size]) -> Iterator[list[Size]]:
        for start in range(len(ascending)):
            records = total_bytes = 0
            for end, size in enumerate(ascending[start:], start=start + 1):
                records, total_bytes = records + size.live, total_bytes + size.bytes
                if records > self.max_records or total_bytes > self.max_bytes:
                    break
                if end - start > 1 and self.growth * size.live <= records:
                    yield ascending[start:end]

    def _mostly_dead(self, sizes: Sequence[Size]) -> list[Size]:
        dying = [size for size in sizes if size.rows - size.live >= self.dead_share * size.rows]
        return sorted(dying, key=lambda size: size.live / size.rows)[:1]


def _worth(group: list[Size]) -> tuple[int, int]:
    return len(group), -sum(size.live for size in group)


DEFAULT_POLICY = MergePolicy()
