"""One namespace in memory: what its writes change and what its reads answer."""

from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

import numpy as np

from dataplane.engine import messages
from dataplane.engine.evaluation import Budget
from dataplane.engine.filters import AllHold, Expression, parse
from dataplane.engine.layout import Layout
from dataplane.engine.metadata import merge_metadata
from dataplane.engine.planner import DEFAULT_PLANNER, Planner
from dataplane.engine.queries import Snapshot, answer_all
from dataplane.engine.replies import records_at
from dataplane.engine.segment import Segment
from dataplane.engine.sorted_ids import SortedIds
from dataplane.engine.spec import IndexSpec
from dataplane.engine.units import LIST_UNITS, fetch_units
from kit.errors import FailedPrecondition, Internal, InvalidArgument, StonepineError
from storage.manifests import Manifest
from storage.shared_segments import Location
from storage.write_log.operations import (
    DeleteAllOperation,
    DeleteOperation,
    Operation,
    UpdateOperation,
    UpsertOperation,
)

_NAMESPACE_BYTES = 4096
_ROW_OVERHEAD_BYTES = 300


class Namespace:
    """Memtable and segments of one namespace; for one thread.

    Writes come in the order of their LSNs and are applied whole. `adopt` takes over what a builder
    has moved from the log into segments; no answer changes by it.
    """

    def __init__(self, spec: IndexSpec, planner: Planner = DEFAULT_PLANNER) -> None:
        self.spec = spec
        self._planner = planner
        self._lsn = 0
        self._manifest_version = 0
        self._layout = Layout(spec.width)
        self._sorted_ids = SortedIds()

    @classmethod
    def open(
        cls,
        spec: IndexSpec,
        manifest: Manifest,
        opened: Mapping[UUID, Segment],
        planner: Planner = DEFAULT_PLANNER,
    ) -> "Namespace":
        """The state at `manifest.lsn`; operations after it are then applied one by one.

        `opened` holds every segment of the manifest.
        """
        namespace = cls(spec, planner)
        namespace._lsn, namespace._manifest_version = manifest.lsn, manifest.version
        namespace._layout.load(manifest, opened)
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
        return self._layout.record_count

    def holds(self, record_id: str) -> bool:
        return record_id in self._layout

    def metadata(self, record_id: str) -> bytes | None:
        """Of a record, as compact JSON; None where there is no record or it has none."""
        place = self._layout.find(record_id)
        return None if place is None else place[0].metadata(place[1])

    def record_bytes(self, record_id: str) -> int:
        """Roughly what one record takes; 0 where there is none."""
        place = self._layout.find(record_id)
        if place is None:
            return 0
        part, row = place
        sparse = part.sparse.row(row)
        sparse_bytes = 0 if sparse is None else sparse.indices.nbytes + sparse.values.nbytes
        return 4 * self.spec.width + len(part.metadata(row) or b"") + sparse_bytes

    @property
    def size_bytes(self) -> int:
        """Roughly what the records take; buried ones count until a builder drops them."""
        return sum(part.size_bytes for part in self._layout.parts)

    @property
    def live_bytes(self) -> int:
        """What the records hold, exactly: what storage is metered by."""
        return sum(part.live_bytes for part in self._layout.parts)

    @property
    def memory_bytes(self) -> int:
        """A cheap estimate of what is held in memory: columns with their spare room, and what
        Python keeps for each row and each namespace."""
        parts = self._layout.parts
        rows = sum(part.row_count for part in parts)
        held = sum(part.held_bytes for part in parts)
        return _NAMESPACE_BYTES + rows * _ROW_OVERHEAD_BYTES + held * 3 // 2

    def indexed_fields(self) -> list[str]:
        """The metadata fields that filters find, sorted."""
        parts = self._layout.parts
        return sorted({name for part in parts for name in part.metadata_index.field_names()})

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
        return count

    def _upsert(self, lsn: int, records: UpsertOperation) -> int:
        self._sorted_ids.add(new for new in records.ids if new not in self._layout)
        self._layout.put(lsn, records)
        return len(records.ids)

    def _update(self, lsn: int, operation: UpdateOperation) -> int:
        found = {id_: self._layout.find(id_) for id_ in operation.ids}
        places = {id_: place for id_, place in found.items() if place is not None}
        if not places:
            return 0
        rows = places.values()
        values, sparse = operation.values, operation.sparse
        records = UpsertOperation(
            list(places),
            np.stack([part.vectors[row] if values is None else values for part, row in rows]),
            [part.sparse.row(row) if sparse is None else sparse for part, row in rows],
            [merge_metadata(part.metadata(row), operation.set_metadata) for part, row in rows],
        )
        self._layout.put(lsn, records)
        return len(places)

    def _delete(self, ids: list[str]) -> int:
        held = [id_ for id_ in dict.fromkeys(ids) if id_ in self._layout]
        self._layout.remove(held)
        self._sorted_ids.remove(held)
        return len(held)

    def _delete_all(self) -> int:
        count = self.record_count
        self._layout.clear()
        self._sorted_ids.clear()
        return count

    # Segments

    def shared_segments(self) -> dict[UUID, Location]:
        """Where other engines of the machine find segments in memory."""
        segments = [part for part in self._layout.parts if isinstance(part, Segment)]
        found = {segment.segment_id: segment.location for segment in segments}
        return {key: location for key, location in found.items() if location is not None}

    def missing_segments(self, manifest: Manifest) -> list[UUID]:
        """The segments of the manifest that `adopt` needs opened. One that was emptied by a
        delete of all records is not needed again."""
        return self._layout.missing_segments(manifest)

    def adopt(self, manifest: Manifest, opened: Mapping[UUID, Segment]) -> None:
        """Swap to a newer manifest; an older one changes nothing.

        Raises `FailedPrecondition` while operations up to `manifest.lsn` are still to be applied,
        and `DataLoss`, with nothing changed, where the manifest lacks a record.
        """
        if manifest.version <= self._manifest_version:
            return
        if manifest.lsn > self._lsn:
            raise FailedPrecondition(f"The namespace is at {self._lsn}, before {manifest.lsn}.")
        self._layout.adopt(manifest, opened)
        self._manifest_version = manifest.version

    # Reads

    def query(self, request: messages.Query) -> messages.Matches:
        """The nearest records. A query by the id of a missing record matches nothing."""
        (answer,) = self.query_all([request])
        if isinstance(answer, StonepineError):
            raise answer
        return answer

    def query_all(
        self, requests: Sequence[messages.Query]
    ) -> list[messages.Matches | StonepineError]:
        """The answer of each request, or why it is refused."""
        seen = Snapshot(self.spec, self._layout, self._planner, self._lsn, self.size_bytes)
        return answer_all(seen, requests)

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
            self._layout.ids,
            prefix=request.prefix,
            after=request.after_id,
            limit=request.limit + 1,
        )
        page = ids[: request.limit]
        return messages.Ids(
            ids=page,
            read_units=LIST_UNITS,
            max_indexed_lsn=self._lsn,
            next_after_id=page[-1] if len(ids) > len(page) else None,
        )

    def count(self, filter_json: bytes) -> int:
        """How many records match."""
        return len(self._matching_ids(parse(filter_json)))

    def resolve_filter(self, filter_json: bytes) -> list[str]:
        """The ids that a write by filter reaches; a filter without conditions is refused."""
        expression = parse(filter_json)
        if expression == AllHold(()):
            raise InvalidArgument("A filter that selects records to change needs a condition.")
        return self._matching_ids(expression)

    def _matching_ids(self, expression: Expression) -> list[str]:
        parts = [part for part in self._layout.parts if part.live_count]
        budget = Budget(sum(part.row_count for part in parts))
        return [part.ids[row] for part in parts for row in part.matching(expression, budget)]

    def _records(self, ids: Iterable[str]) -> list[messages.Record]:
        found = map(self._layout.find, ids)
        return records_at(place for place in found if place is not None)

    def _records_reply(
        self, records: list[messages.Record], *, next_after_id: str | None
    ) -> messages.Records:
        return messages.Records(
            records=records,
            read_units=fetch_units(len(records)),
            max_indexed_lsn=self._lsn,
            next_after_id=next_after_id,
        )


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
