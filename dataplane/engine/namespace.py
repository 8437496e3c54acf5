"""One namespace in memory: where each record lies, what writes change, what reads answer."""

from collections.abc import Iterable, Mapping
from itertools import compress
from typing import TYPE_CHECKING, TypeAlias
from uuid import UUID

import numpy as np
import numpy.typing as npt
from pyroaring import BitMap

from dataplane.engine import messages
from dataplane.engine.filters import AllHold, Expression, parse
from dataplane.engine.memtable import Memtable
from dataplane.engine.metadata import merge_metadata
from dataplane.engine.part import Part
from dataplane.engine.replies import fetch_units, match_of, query_units, record_at
from dataplane.engine.scoring import Target, prepare
from dataplane.engine.search import search
from dataplane.engine.segment import Segment
from dataplane.engine.sorted_ids import SortedIds
from dataplane.engine.sparse import from_message
from dataplane.engine.spec import IndexSpec
from kit.errors import DataLoss, FailedPrecondition, Internal, InvalidArgument
from storage.write_log.operations import (
    DeleteAllOperation,
    DeleteOperation,
    Operation,
    UpdateOperation,
    UpsertOperation,
)

if TYPE_CHECKING:
    from storage.manifests import Manifest

Locations: TypeAlias = npt.NDArray[np.int64]

# A location is one number: the serial of the part in the upper half, the row in the lower one.
_ROW_BITS = 32
_ROW_MASK = (1 << _ROW_BITS) - 1
_NOWHERE = -1
# Buried rows that a memtable may carry beyond as many as it has live ones.
_MEMTABLE_SLACK = 1024


class Namespace:
    """Memtable and segments of one namespace; for one thread.

    Writes come in the order of their LSNs and are applied whole. `adopt` takes over what a builder
    has moved from the log into segments; no answer changes by it.
    """

    def __init__(self, spec: IndexSpec) -> None:
        self.spec = spec
        self._lsn = 0
        self._manifest_version = 0
        self._locations: dict[str, int] = {}
        self._sorted_ids = SortedIds()
        self._parts: dict[int, Part] = {}
        self._retired: set[UUID] = set()
        self._next_serial = 0
        self._memtable = Memtable(spec.width)
        self._memtable_serial = self._add_part(self._memtable)

    @classmethod
    def open(
        cls, spec: IndexSpec, manifest: "Manifest", opened: Mapping[UUID, Segment]
    ) -> "Namespace":
        """The state at `manifest.lsn`; operations after it are then applied one by one.

        `opened` holds every segment of the manifest.
        """
        namespace = cls(spec)
        namespace._lsn, namespace._manifest_version = manifest.lsn, manifest.version
        expected = 0
        for entry in manifest.segments:
            segment = opened[entry.segment_id]
            segment.bury_deleted(_bitmap(entry.deleted))
            serial = namespace._add_part(segment)
            namespace._locate(serial, segment, segment.tombstones.live)
            expected += segment.live_count
        if len(namespace._locations) != expected:
            raise DataLoss("The manifest of a namespace holds a record twice.")
        return namespace

    @property
    def lsn(self) -> int:
        """The last operation that was applied."""
        return self._lsn

    @property
    def manifest_version(self) -> int:
        return self._manifest_version

    @property
    def record_count(self) -> int:
        return len(self._locations)

    @property
    def size_bytes(self) -> int:
        """Roughly what the records take; buried ones count until a builder drops them."""
        return sum(part.size_bytes for part in self._parts.values())

    def indexed_fields(self) -> list[str]:
        """The metadata fields that filters find, sorted."""
        names = {
            name for part in self._parts.values() for name in part.metadata_index.field_names()
        }
        return sorted(names)

    def info(self, name: str, schema: bytes | None = None) -> messages.NamespaceInfo:
        """The description under its name and schema, which the caller keeps."""
        return messages.NamespaceInfo(
            name, self.record_count, schema, self.indexed_fields(), self.size_bytes
        )

    # Writes

    def apply(self, lsn: int, operation: Operation) -> int:
        """Apply one logged operation and return how many records it touched."""
        if lsn <= self._lsn:
            raise Internal(f"The operation {lsn} comes after {self._lsn}.")
        match operation:
            case UpsertOperation():
                count = self._upsert(lsn, _last_of_each(operation))
            case UpdateOperation():
                count = self._update(lsn, operation)
            case DeleteOperation(ids):
                count = self._delete(ids)
            case DeleteAllOperation():
                count = self._delete_all()
        self._lsn = lsn
        if self._memtable.row_count > 2 * self._memtable.live_count + _MEMTABLE_SLACK:
            self._renew_memtable(0)
        return count

    def _upsert(self, lsn: int, records: UpsertOperation) -> int:
        locations, ids = self._locations, records.ids
        previous = [found for found in map(locations.get, ids) if found is not None]
        if len(previous) < len(ids):
            self._sorted_ids.add(new for new in ids if new not in locations)
        first = self._memtable.append(lsn, records)
        self._bury(previous)
        base = (self._memtable_serial << _ROW_BITS) + first
        locations.update(zip(ids, range(base, base + len(ids)), strict=True))
        return len(ids)

    def _update(self, lsn: int, operation: UpdateOperation) -> int:
        ids = [id_ for id_ in dict.fromkeys(operation.ids) if id_ in self._locations]
        if not ids:
            return 0
        places = [self._place(self._locations[id_]) for id_ in ids]
        if operation.values is None:
            values = np.stack([part.vectors[row] for part, row in places])
        else:
            values = np.tile(operation.values, (len(ids), 1))
        sparse = operation.sparse
        records = UpsertOperation(
            ids,
            values,
            [part.sparse.row(row) if sparse is None else sparse for part, row in places],
            [merge_metadata(part.metadata(row), operation.set_metadata) for part, row in places],
        )
        return self._upsert(lsn, records)

    def _delete(self, ids: list[str]) -> int:
        held = [id_ for id_ in dict.fromkeys(ids) if id_ in self._locations]
        self._bury([self._locations.pop(id_) for id_ in held])
        self._sorted_ids.remove(held)
        return len(held)

    def _delete_all(self) -> int:
        count = len(self._locations)
        self._locations.clear()
        self._sorted_ids.clear()
        self._retired |= self._segment_serials().keys()
        self._parts.clear()
        self._memtable = Memtable(self.spec.width)
        self._memtable_serial = self._add_part(self._memtable)
        return count

    def _bury(self, locations: list[int]) -> None:
        if not locations:
            return
        numbers = np.array(locations, np.int64)
        serials = numbers >> _ROW_BITS
        for serial in np.unique(serials).tolist():
            rows = (numbers[serials == serial] & _ROW_MASK).tolist()
            self._parts[serial].tombstones.bury(rows)

    # Segments

    def missing_segments(self, manifest: "Manifest") -> list[UUID]:
        """The segments of the manifest that `adopt` needs opened. One that was emptied by a
        delete of all records is not needed again."""
        held = self._segment_serials().keys() | self._retired
        return [entry.segment_id for entry in manifest.segments if entry.segment_id not in held]

    def adopt(self, manifest: "Manifest", opened: Mapping[UUID, Segment]) -> None:
        """Swap to a newer manifest; an older one changes nothing.

        A row of a new segment is live exactly if its record now lies in what the manifest
        replaces: a memtable row up to `manifest.lsn`, or a segment that the manifest lacks.
        Whatever happened to the record after `manifest.lsn` wins.
        Raises `FailedPrecondition` while operations up to `manifest.lsn` are still to be applied,
        and `DataLoss`, with nothing changed, where the manifest lacks a record.
        """
        if manifest.version <= self._manifest_version:
            return
        if manifest.lsn > self._lsn:
            raise FailedPrecondition(f"The namespace is at {self._lsn}, before {manifest.lsn}.")
        named = {entry.segment_id for entry in manifest.segments}
        missing = set(self.missing_segments(manifest))
        cut = self._memtable.rows_up_to(manifest.lsn)
        dropped = [serial for key, serial in self._segment_serials().items() if key not in named]
        added: list[tuple[Segment, npt.NDArray[np.bool_]]] = []
        for entry in manifest.segments:
            if entry.segment_id in missing:
                segment = opened[entry.segment_id]
                segment.bury_deleted(_bitmap(entry.deleted))
                added.append((segment, self._rows_taken_over(segment, cut, dropped)))
        self._check_complete(sum(int(live.sum()) for _, live in added), cut, dropped)
        for segment, live in added:
            self._take_over(segment, live)
        for serial in dropped:
            del self._parts[serial]
        self._renew_memtable(cut)
        self._retired &= named
        self._manifest_version = manifest.version

    def _rows_taken_over(
        self, segment: Segment, cut: int, dropped: list[int]
    ) -> npt.NDArray[np.bool_]:
        get = self._locations.get
        located = (get(id_, _NOWHERE) for id_ in segment.ids)
        locations = np.fromiter(located, np.int64, segment.row_count)
        serials, rows = locations >> _ROW_BITS, locations & _ROW_MASK
        is_in_log = (serials == self._memtable_serial) & (rows < cut)
        taken: npt.NDArray[np.bool_] = is_in_log | np.isin(serials, dropped)
        return taken & segment.tombstones.live

    def _check_complete(self, moved: int, cut: int, dropped: list[int]) -> None:
        expected = int(self._memtable.tombstones.live[:cut].sum())
        expected += sum(self._parts[serial].live_count for serial in dropped)
        if moved != expected:
            raise DataLoss(f"A manifest holds {moved} of the {expected} records that it replaces.")

    def _take_over(self, segment: Segment, live: npt.NDArray[np.bool_]) -> None:
        if not live.any():
            self._retired.add(segment.segment_id)
            return
        segment.tombstones.bury(np.flatnonzero(~live).tolist())
        self._locate(self._add_part(segment), segment, live)

    def _locate(self, serial: int, part: Part, live: npt.NDArray[np.bool_]) -> None:
        base = serial << _ROW_BITS
        numbers = range(base, base + part.row_count)
        entries = zip(part.ids, numbers, strict=True)
        self._locations.update(entries if live.all() else compress(entries, live.tolist()))

    def _renew_memtable(self, first_row: int) -> None:
        """Keep only the live rows from `first_row` on; earlier records were taken over."""
        kept = self._memtable.live_since(first_row)
        del self._parts[self._memtable_serial]
        self._memtable, self._memtable_serial = kept, self._add_part(kept)
        self._locate(self._memtable_serial, kept, kept.tombstones.live)

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

    def _place(self, location: int) -> tuple[Part, int]:
        return self._parts[location >> _ROW_BITS], location & _ROW_MASK

    # Reads

    def query(self, request: messages.Query) -> messages.Matches:
        """The nearest records. A query by the id of a missing record matches nothing."""
        self.spec.check_query(request)
        expression = None if request.filter is None else parse(request.filter)
        target = self._target(request)
        hits, path = [], ""
        if target is not None:
            hits, path = search(list(self._parts.values()), target, request.top_k, expression)
        return messages.Matches(
            matches=[match_of(hit, request) for hit in hits],
            read_units=query_units(self.size_bytes),
            max_indexed_lsn=self._lsn,
            path=path,
        )

    def _target(self, request: messages.Query) -> Target | None:
        if request.id is None:
            values = np.frombuffer(request.vector, np.float32)
            return prepare(self.spec, values, from_message(request.sparse))
        location = self._locations.get(request.id)
        if location is None:
            return None
        part, row = self._place(location)
        return prepare(self.spec, part.vectors[row].copy(), part.sparse.row(row))

    def fetch(self, request: messages.Fetch) -> messages.Records:
        """The records that exist, in the order of the request."""
        records = self._records(dict.fromkeys(request.ids))
        return self._records_reply(records, next_after_id=None)

    def fetch_by_metadata(self, request: messages.FetchByMetadata) -> messages.Records:
        """One page of the matching records, by id."""
        ids = sorted(self._matching_ids(parse(request.filter)))
        if request.after_id is not None:
            after = request.after_id
            ids = [id_ for id_ in ids if id_ > after]
        page = ids[: request.limit]
        next_after_id = page[-1] if len(ids) > len(page) else None
        return self._records_reply(self._records(page), next_after_id=next_after_id)

    def list_ids(self, request: messages.ListIds) -> messages.Ids:
        """One page of the ids with the prefix, in C collation."""
        ids = self._sorted_ids.page(
            self._locations,
            prefix=request.prefix,
            after=request.after_id,
            limit=request.limit + 1,
        )
        page = ids[: request.limit]
        return messages.Ids(
            ids=page,
            read_units=1,
            max_indexed_lsn=self._lsn,
            next_after_id=page[-1] if len(ids) > len(page) else None,
        )

    def resolve_filter(self, filter_json: bytes) -> list[str]:
        """The ids that a write by filter reaches; a filter without conditions is refused."""
        expression = parse(filter_json)
        if expression == AllHold(()):
            raise InvalidArgument("A filter that selects records to change needs a condition.")
        return self._matching_ids(expression)

    def _matching_ids(self, expression: Expression) -> list[str]:
        return [
            part.ids[row]
            for part in self._parts.values()
            if part.live_count
            for row in part.matching(expression)
        ]

    def _records(self, ids: Iterable[str]) -> list[messages.Record]:
        found = (self._locations.get(id_) for id_ in ids)
        return [record_at(*self._place(location)) for location in found if location is not None]

    def _records_reply(
        self, records: list[messages.Record], *, next_after_id: str | None
    ) -> messages.Records:
        return messages.Records(
            records=records,
            read_units=fetch_units(len(records)),
            max_indexed_lsn=self._lsn,
            next_after_id=next_after_id,
        )


def _bitmap(serialized: bytes) -> BitMap:
    return BitMap.deserialize(serialized) if serialized else BitMap()


def _last_of_each(records: UpsertOperation) -> UpsertOperation:
    """The records with unique ids: of equal ids, the last one counts."""
    last = {id_: row for row, id_ in enumerate(records.ids)}
    if len(last) == len(records.ids):
        return records
    rows = sorted(last.values())
    return UpsertOperation(
        [records.ids[row] for row in rows],
        records.values[rows],
        [records.sparse[row] for row in rows],
        [records.metadata[row] for row in rows],
    )
