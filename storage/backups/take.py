"""Taking a backup: every namespace of the index as of one moment, while writes go on."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

from msgspec.structs import replace
from psycopg import IsolationLevel
from psycopg.rows import namedtuple_row
from pyroaring import BitMap

from keyring.envelope import DataKey
from kit import clock
from kit.errors import Aborted
from storage.backups.form import BackupContent, NamespacePart, tail_path, write_content
from storage.backups.tail import framed, logged_batches, read_tail
from storage.database import Connection, translated_errors
from storage.manifests import SegmentEntry, read_manifest
from storage.objects import ObjectStore
from storage.pins import Pin, pin
from storage.segments import SegmentName, SegmentReader
from storage.write_log.operations import DeleteAllOperation, DeleteOperation, UpsertOperation

_TRIES = 10

# One statement of one snapshot: the LSNs of all namespaces belong to the same moment.
_CUT = """SELECT n.namespace_id, n.name_sealed, n.schema_sealed, n.manifest_version,
        n.manifest_lsn, greatest(n.manifest_lsn, n.archived_lsn, coalesce((
            SELECT max(b.lsn) FROM log_batch b
            WHERE b.index_id = n.index_id AND b.namespace_id = n.namespace_id), 0)) AS lsn
    FROM log_namespace n WHERE n.index_id = %s ORDER BY n.namespace_id"""


@dataclass(frozen=True, slots=True)
class Taker:
    """`connection` looks through one snapshot meanwhile, `other` writes; both are the caller's."""

    connection: Connection
    other: Connection
    store: ObjectStore
    key: DataKey
    backup_id: UUID
    index_id: UUID
    dimension: int | None

    def take(self) -> BackupContent:
        """Take the backup and store its content. Doing it again takes it again, at a later moment.

        Nothing is locked for longer than it takes to write the pins, and no write waits.
        """
        for _ in range(_TRIES - 1):
            try:
                return self._take()
            except Aborted:
                continue
        return self._take()

    def _take(self) -> BackupContent:
        tail_bytes, parts = 0, []
        with self._snapshot():
            cut = self._cut()
            taken_at_s = clock.now().timestamp()
            pins = (Pin(part.namespace_id, part.manifest_version) for part in cut)
            pin(self.other, self.backup_id, self.index_id, pins)
            for part in cut:
                tail_bytes += self._store_tail(part)
                parts.append(self._completed(part))
        content = BackupContent(self.index_id, self.dimension, taken_at_s, tail_bytes, tuple(parts))
        write_content(self.store, self.key, self.backup_id, content)
        return content

    @contextmanager
    def _snapshot(self) -> Iterator[None]:
        self.connection.isolation_level = IsolationLevel.REPEATABLE_READ
        try:
            with translated_errors(), self.connection.transaction():
                yield
        finally:
            self.connection.isolation_level = None

    def _cut(self) -> list[NamespacePart]:
        with self.connection.cursor(row_factory=namedtuple_row) as cursor:
            cursor.execute(_CUT, [self.index_id])
            return [NamespacePart(*row) for row in cursor]

    def _store_tail(self, part: NamespacePart) -> int:
        """The log's rows as this snapshot still has them, whatever is trimmed meanwhile."""
        if part.lsn == part.manifest_lsn:
            return 0
        batches = logged_batches(
            self.connection,
            self.index_id,
            part.namespace_id,
            after_lsn=part.manifest_lsn,
            up_to_lsn=part.lsn,
        )
        frames = framed(self.key, batches, index_id=self.index_id, namespace_id=part.namespace_id)
        return self.store.put(tail_path(self.backup_id, part.namespace_id), frames)

    def _completed(self, part: NamespacePart) -> NamespacePart:
        manifest = read_manifest(
            self.store,
            self.key,
            part.manifest_version,
            index_id=self.index_id,
            namespace_id=part.namespace_id,
        )
        found = replace(part, segments=manifest.segments)
        return replace(found, record_count=self._count(found))

    def _count(self, part: NamespacePart) -> int:
        """How many records are live at the part's LSN."""
        if part.lsn == part.manifest_lsn:
            return sum(_live_count(entry) for entry in part.segments)
        live: set[str] = set()
        for entry in part.segments:
            live |= self._live_ids(part.namespace_id, entry)
        for _, operation in read_tail(
            self.store, self.key, self.backup_id, part, index_id=self.index_id
        ):
            if isinstance(operation, UpsertOperation):
                live.update(operation.ids)
            elif isinstance(operation, DeleteOperation):
                live.difference_update(operation.ids)
            elif isinstance(operation, DeleteAllOperation):
                live.clear()
        return len(live)

    def _live_ids(self, namespace_id: UUID, entry: SegmentEntry) -> set[str]:
        name = SegmentName(self.index_id, namespace_id, entry.segment_id)
        ids = SegmentReader(self.store, self.key, name).read_ids()
        deleted = BitMap.deserialize(entry.deleted) if entry.deleted else BitMap()
        return {record_id for row, record_id in enumerate(ids) if row not in deleted}


def _live_count(entry: SegmentEntry) -> int:
    deleted = len(BitMap.deserialize(entry.deleted)) if entry.deleted else 0
    return entry.record_count - deleted
