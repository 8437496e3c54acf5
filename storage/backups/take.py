"""Taking a backup: every namespace of the index as of one moment, while writes go on."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from uuid import UUID

from msgspec.structs import replace
from psycopg import IsolationLevel
from psycopg.rows import namedtuple_row
from pyroaring import BitMap

from keyring.envelope import DataKey
from kit import clock
from kit.errors import Aborted, DataLoss, StonepineError
from storage.archive.keep import Archiver
from storage.backups.form import BackupContent, NamespacePart, tail_path, write_content
from storage.backups.tail import archived_tail, framed, logged_batches, read_tail
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
            WHERE b.index_id = n.index_id AND b.namespace_id = n.namespace_id), 0)) AS lsn,
        greatest(n.manifest_lsn, n.archived_lsn) AS archived_lsn
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
        self._archive()
        tail_bytes, parts = 0, []
        with self._snapshot():
            cut = self._cut()
            taken_at_s = clock.now().timestamp()
            pin(self.other, self.backup_id, self.index_id, map(_pin_of, cut))
            for one in cut:
                part = self._readable(one)
                tail_bytes += self._shared_bytes(part) + self._store_tail(part)
                parts.append(self._completed(part))
        content = BackupContent(self.index_id, self.dimension, taken_at_s, tail_bytes, tuple(parts))
        write_content(self.store, self.key, self.backup_id, content)
        return content

    def _archive(self) -> None:
        """What the archive holds is not written once more. It would go there within seconds
        anyhow; where it cannot, the backup has all of it."""
        with suppress(StonepineError):
            Archiver(self.other, self.store, lambda _: self.key).archive(self.index_id)

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
            return [NamespacePart(**row._asdict()) for row in cursor]

    def _readable(self, part: NamespacePart) -> NamespacePart:
        """Without the archive where that does not hold what it should: the log still does."""
        try:
            for _ in archived_tail(self.store, self.key, part, index_id=self.index_id):
                pass
        except DataLoss:
            return replace(part, archived_lsn=0)
        return part

    def _shared_bytes(self, part: NamespacePart) -> int:
        """Of the batches that the archive holds."""
        row = self.connection.execute(
            """SELECT coalesce(sum(length(sealed)), 0)::bigint FROM log_batch
               WHERE index_id = %s AND namespace_id = %s AND lsn > %s AND lsn <= %s""",
            [self.index_id, part.namespace_id, part.manifest_lsn, part.shared_lsn],
        ).fetchone()
        return 0 if row is None else int(row[0])

    def _store_tail(self, part: NamespacePart) -> int:
        """The log's rows as this snapshot still has them, whatever is trimmed meanwhile."""
        if part.lsn == part.shared_lsn:
            return 0
        batches = logged_batches(
            self.connection,
            self.index_id,
            part.namespace_id,
            after_lsn=part.shared_lsn,
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


def _pin_of(part: NamespacePart) -> Pin:
    log = (part.manifest_lsn, part.shared_lsn) if part.shared_lsn > part.manifest_lsn else (0, 0)
    return Pin(part.namespace_id, part.manifest_version, *log)


def _live_count(entry: SegmentEntry) -> int:
    deleted = len(BitMap.deserialize(entry.deleted)) if entry.deleted else 0
    return entry.record_count - deleted
