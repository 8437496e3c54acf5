"""Where each record of a namespace lies: its parts, and the map from ids to their rows."""

from collections.abc import Iterable, Mapping
from itertools import compress, repeat
from typing import TypeAlias
from uuid import UUID

import numpy as np
import numpy.typing as npt
from pyroaring import BitMap

from dataplane.engine.memtable import Memtable
from dataplane.engine.part import Part
from dataplane.engine.segment import Segment
from kit.errors import DataLoss
from storage.manifests import Manifest
from storage.write_log.operations import UpsertOperation

Mask: TypeAlias = npt.NDArray[np.bool_]

# A location is one number: the serial of the part in the upper half, the row in the lower one.
_ROW_BITS = 32
_ROW_MASK = (1 << _ROW_BITS) - 1
_NOWHERE = -1
# A memtable of so many rows takes no more: what has to be done with one of them is soon done.
_MEMTABLE_ROWS = 4096
# Buried rows that a memtable may carry beyond as many as it has live ones.
_MEMTABLE_SLACK = 1024


class Layout:
    """Memtables, the last of which takes all writes, and segments, which only lose records."""

    def __init__(self, width: int) -> None:
        self._width = width
        self._locations: dict[str, int] = {}
        self._parts: dict[int, Part] = {}
        self._retired: set[UUID] = set()
        self._next_serial = 0
        # By serial, in the order of their LSNs.
        self._memtables: dict[int, Memtable] = {}
        self._begin_memtable()

    @property
    def ids(self) -> Iterable[str]:
        return self._locations

    @property
    def parts(self) -> list[Part]:
        return list(self._parts.values())

    @property
    def record_count(self) -> int:
        return len(self._locations)

    def __contains__(self, record_id: str) -> bool:
        return record_id in self._locations

    def find(self, record_id: str) -> tuple[Part, int] | None:
        """The part and row of a record."""
        location = self._locations.get(record_id)
        if location is None:
            return None
        return self._parts[location >> _ROW_BITS], location & _ROW_MASK

    def put(self, lsn: int, records: UpsertOperation) -> None:
        """Add records with unique ids, in place of those that were there."""
        locations, ids = self._locations, records.ids
        previous = [found for found in map(locations.get, ids) if found is not None]
        serial = self._last_memtable
        if self._memtables[serial].row_count >= _MEMTABLE_ROWS:
            serial = self._begin_memtable()
        first = self._memtables[serial].append(lsn, records)
        buried_in = self._bury(previous)
        base = (serial << _ROW_BITS) + first
        locations.update(zip(ids, range(base, base + len(ids)), strict=True))
        self._trim(buried_in)

    def remove(self, ids: Iterable[str]) -> None:
        """Take out records that are there."""
        self._trim(self._bury([self._locations.pop(id_) for id_ in ids]))

    def clear(self) -> None:
        """Take out every record, and let go of the segments."""
        self._retired |= self._segment_serials().keys()
        self._locations.clear()
        self._parts.clear()
        self._memtables.clear()
        self._begin_memtable()

    def load(self, manifest: Manifest, opened: Mapping[UUID, Segment]) -> None:
        """Begin with the records of a manifest, all of whose segments are `opened`."""
        expected = 0
        for entry in manifest.segments:
            segment = opened[entry.segment_id]
            segment.bury_deleted(_bitmap(entry.deleted))
            self._locate(self._add_part(segment), segment, segment.tombstones.live)
            expected += segment.live_count
        if len(self._locations) != expected:
            raise DataLoss("The manifest of a namespace holds a record twice.")

    def missing_segments(self, manifest: Manifest) -> list[UUID]:
        """The segments that `adopt` needs opened: not those whose records are all gone."""
        held = self._segment_serials().keys() | self._retired
        return [entry.segment_id for entry in manifest.segments if entry.segment_id not in held]

    def adopt(self, manifest: Manifest, opened: Mapping[UUID, Segment]) -> None:
        """Swap to the manifest, to whose LSN at least the writes have come.

        A row of a new segment is live exactly if its record now lies in what the manifest
        replaces: a memtable row up to `manifest.lsn`, or a segment that the manifest lacks.
        Whatever happened to the record after `manifest.lsn` wins.
        Raises `DataLoss`, with nothing changed, where the manifest lacks a record.
        """
        named = {entry.segment_id for entry in manifest.segments}
        missing = set(self.missing_segments(manifest))
        cuts = {key: one.rows_up_to(manifest.lsn) for key, one in self._memtables.items()}
        dropped = [serial for key, serial in self._segment_serials().items() if key not in named]
        added: list[tuple[Segment, Mask]] = []
        for entry in manifest.segments:
            if entry.segment_id in missing:
                segment = opened[entry.segment_id]
                segment.bury_deleted(_bitmap(entry.deleted))
                added.append((segment, self._rows_taken_over(segment, cuts, dropped)))
        self._check_complete(sum(int(live.sum()) for _, live in added), cuts, dropped)
        for segment, live in added:
            self._take_over(segment, live)
        for serial in dropped:
            del self._parts[serial]
        for serial, cut in cuts.items():
            if cut:
                self._renew_memtable(serial, cut)
        self._retired &= named

    def _rows_taken_over(
        self, segment: Segment, cuts: Mapping[int, int], dropped: list[int]
    ) -> Mask:
        located = map(self._locations.get, segment.ids, repeat(_NOWHERE))
        locations = np.fromiter(located, np.int64, segment.row_count)
        serials, rows = locations >> _ROW_BITS, locations & _ROW_MASK
        taken: Mask = np.isin(serials, dropped)
        for serial, cut in cuts.items():
            taken |= (serials == serial) & (rows < cut)
        return taken & segment.tombstones.live

    def _check_complete(self, moved: int, cuts: Mapping[int, int], dropped: list[int]) -> None:
        expected = sum(
            int(self._memtables[serial].tombstones.live[:cut].sum()) for serial, cut in cuts.items()
        )
        expected += sum(self._parts[serial].live_count for serial in dropped)
        if moved != expected:
            raise DataLoss(f"A manifest holds {moved} of the {expected} records that it replaces.")

    def _take_over(self, segment: Segment, live: Mask) -> None:
        if not live.any():
            self._retired.add(segment.segment_id)
            return
        segment.tombstones.bury(np.flatnonzero(~live).tolist())
        self._locate(self._add_part(segment), segment, live)

    def _bury(self, locations: list[int]) -> list[int]:
        """The serials of the parts that lost records."""
        if not locations:
            return []
        numbers = np.array(locations, np.int64)
        serials = numbers >> _ROW_BITS
        reached: list[int] = np.unique(serials).tolist()
        for serial in reached:
            rows = (numbers[serials == serial] & _ROW_MASK).tolist()
            self._parts[serial].tombstones.bury(rows)
        return reached

    def _locate(self, serial: int, part: Part, live: Mask) -> None:
        base = serial << _ROW_BITS
        entries = zip(part.ids, range(base, base + part.row_count), strict=True)
        self._locations.update(entries if live.all() else compress(entries, live.tolist()))

    def _trim(self, serials: Iterable[int]) -> None:
        """Of these, the memtables that carry too many buried rows."""
        for serial in serials:
            memtable = self._memtables.get(serial)
            if memtable is None:
                continue
            slack = _MEMTABLE_SLACK if memtable.live_count or serial == self._last_memtable else 0
            if memtable.row_count > 2 * memtable.live_count + slack:
                self._renew_memtable(serial, 0)

    def _renew_memtable(self, serial: int, first_row: int) -> None:
        """Keep only the live rows from `first_row` on."""
        kept = self._memtables[serial].live_since(first_row)
        if not kept.row_count and serial != self._last_memtable:
            del self._memtables[serial], self._parts[serial]
            return
        self._memtables[serial] = self._parts[serial] = kept
        self._locate(serial, kept, kept.tombstones.live)

    @property
    def _last_memtable(self) -> int:
        return next(reversed(self._memtables))

    def _begin_memtable(self) -> int:
        memtable = Memtable(self._width)
        serial = self._add_part(memtable)
        self._memtables[serial] = memtable
        return serial

    def _add_part(self, part: Part) -> int:
        serial = self._next_serial
        self._next_serial += 1
        self._parts[serial] = part
        return serial

    def _segment_serials(self) -> dict[UUID, int]:
        return {
            part.segment_id: serial
            for serial, part in self._parts.items()
            if isinstance(part, Segment)
        }


def _bitmap(serialized: bytes) -> BitMap:
    return BitMap.deserialize(serialized) if serialized else BitMap()
