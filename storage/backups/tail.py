"""The end of a namespace's log as one object: batches as the log sealed them, one after another."""

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from keyring.envelope import DataKey
from kit.errors import DataLoss
from storage.archive.read import ArchivedLog
from storage.backups.form import BackupContent, NamespacePart, read_content, tail_path
from storage.database import Connection, translated_errors
from storage.objects import ObjectStore
from storage.write_log.batches import open_batch, reseal_batch
from storage.write_log.operations import Operation

_FRAME = struct.Struct("<QHI")  # LSN, operation, length of what follows
FRAME_BYTES = _FRAME.size
_ROWS_A_FETCH = 64


class SealedBatch(NamedTuple):
    """A row of the log; nobody can move it to another place, or change it, and have it open."""

    lsn: int
    operation: int
    sealed: bytes


def logged_batches(
    connection: Connection, index_id: UUID, namespace_id: UUID, *, after_lsn: int, up_to_lsn: int
) -> Iterator[SealedBatch]:
    """The rows of that stretch, none missing; else `DataLoss`. Needs an open transaction."""
    expected = after_lsn + 1
    with translated_errors(), connection.cursor("backup_tail", binary=True) as cursor:
        cursor.itersize = _ROWS_A_FETCH
        cursor.execute(
            """SELECT lsn, operation, sealed FROM log_batch
               WHERE index_id = %s AND namespace_id = %s AND lsn > %s AND lsn <= %s
               ORDER BY lsn""",
            [index_id, namespace_id, after_lsn, up_to_lsn],
        )
        for row in cursor:
            batch = SealedBatch(*row)
            if batch.lsn != expected:
                break
            yield batch
            expected += 1
    if expected != up_to_lsn + 1:
        raise DataLoss(f"Batch {expected} of namespace {namespace_id} is missing in the log.")


def framed(
    key: DataKey, batches: Iterable[SealedBatch], *, index_id: UUID, namespace_id: UUID
) -> Iterator[bytes]:
    """Batches of that namespace as they are stored, all under the newest version of the key."""
    place = {"index_id": index_id, "namespace_id": namespace_id}
    for batch in batches:
        sealed = reseal_batch(key, batch.operation, batch.sealed, lsn=batch.lsn, **place)
        yield _FRAME.pack(batch.lsn, batch.operation, len(sealed))
        yield sealed


def reseal_tail(
    store: ObjectStore, key: DataKey, path: str, *, index_id: UUID, namespace_id: UUID
) -> None:
    """Seal what is stored there anew, in its place."""
    batches = _frames(store.get(path))
    store.put(path, framed(key, batches, index_id=index_id, namespace_id=namespace_id))


def read_tail(
    store: ObjectStore, key: DataKey, backup_id: UUID, part: NamespacePart, *, index_id: UUID
) -> Iterator[tuple[int, Operation]]:
    """(LSN, operation) in order, from the archive and then from the backup's own object. Raises
    `DataLoss` for whatever is not as it was written."""
    yield from archived_tail(store, key, part, index_id=index_id)
    if part.lsn == part.shared_lsn:
        return
    place = {"index_id": index_id, "namespace_id": part.namespace_id}
    expected = part.shared_lsn + 1
    for batch in _frames(store.get(tail_path(backup_id, part.namespace_id))):
        if batch.lsn != expected:
            raise DataLoss(f"Batch {expected} of namespace {part.namespace_id} is missing.")
        yield batch.lsn, open_batch(key, batch.operation, batch.sealed, lsn=batch.lsn, **place)
        expected += 1
    if expected != part.lsn + 1:
        raise DataLoss(f"Batch {expected} of namespace {part.namespace_id} is missing.")


def archived_tail(
    store: ObjectStore, key: DataKey, part: NamespacePart, *, index_id: UUID
) -> Iterator[tuple[int, Operation]]:
    """What the archive holds of it."""
    log = ArchivedLog(store, key, (index_id, part.namespace_id))
    return log.operations(after_lsn=part.manifest_lsn, up_to_lsn=part.shared_lsn)


def _frames(stored: bytes) -> Iterator[SealedBatch]:
    position = 0
    while position < len(stored):
        start = position + _FRAME.size
        if start > len(stored):
            raise DataLoss("A log of a backup is cut off.")
        lsn, operation, length = _FRAME.unpack_from(stored, position)
        position = start + length
        if position > len(stored):
            raise DataLoss("A log of a backup is cut off.")
        yield SealedBatch(lsn, operation, stored[start:position])


@dataclass(frozen=True, slots=True)
class StoredBackup:
    """A backup as what an index is filled from."""

    store: ObjectStore
    key: DataKey
    backup_id: UUID
    index_id: UUID

    def content(self) -> BackupContent:
        return read_content(self.store, self.key, self.backup_id, index_id=self.index_id)

    def tail(self, part: NamespacePart) -> Iterator[tuple[int, Operation]]:
        return read_tail(self.store, self.key, self.backup_id, part, index_id=self.index_id)
