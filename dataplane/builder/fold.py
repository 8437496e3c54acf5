"""What a stretch of the log leaves behind: the final state of every record that it touched."""

from collections.abc import Iterable

from dataplane.builder.older import OlderSegments
from dataplane.builder.record import Record
from dataplane.engine.metadata import merge_metadata
from storage.write_log.operations import (
    DeleteAllOperation,
    DeleteOperation,
    Operation,
    UpdateOperation,
    UpsertOperation,
)

# Deletes weigh less than records: only an id and a bit.
_OPERATIONS_PER_RECORD = 8


class Fold:
    """The log from a manifest on, applied to nothing but what it changes.

    Updates of records that live in older segments bring these over. `older` loses every record
    that the log replaces or deletes.
    """

    def __init__(self, lsn: int, older: OlderSegments) -> None:
        self.lsn = lsn
        self.records: dict[str, Record] = {}
        self._older = older
        self._weight = 0

    def take(self, batches: Iterable[tuple[int, Operation]], max_records: int) -> None:
        """Apply batches in order until they end or there are records enough for a segment."""
        for lsn, operation in batches:
            self._apply(operation)
            self.lsn = lsn
            if len(self.records) >= max_records:
                return
            if self._weight >= _OPERATIONS_PER_RECORD * max_records:
                return

    def _apply(self, operation: Operation) -> None:
        match operation:
            case UpsertOperation():
                self._upsert(operation)
            case UpdateOperation():
                self._update(operation)
            case DeleteOperation(ids):
                for record_id in ids:
                    self._remove(record_id)
            case DeleteAllOperation():
                self.records.clear()
                self._older.delete_all()
        self._weight += 1 if isinstance(operation, DeleteAllOperation) else len(operation.ids)

    def _upsert(self, operation: UpsertOperation) -> None:
        rows = zip(
            operation.ids, operation.values, operation.sparse, operation.metadata, strict=True
        )
        for record_id, values, sparse, metadata in rows:
            self._put(record_id, Record(values, sparse, metadata))

    def _update(self, operation: UpdateOperation) -> None:
        for record_id in dict.fromkeys(operation.ids):
            current = self.records.get(record_id) or self._older.find(record_id)
            if current is not None:
                values = current.values if operation.values is None else operation.values
                sparse = current.sparse if operation.sparse is None else operation.sparse
                metadata = merge_metadata(current.metadata, operation.set_metadata)
                self._put(record_id, Record(values, sparse, metadata))

    def _put(self, record_id: str, record: Record) -> None:
        self.records[record_id] = record
        self._older.delete(record_id)

    def _remove(self, record_id: str) -> None:
        self.records.pop(record_id, None)
        self._older.delete(record_id)
