"""Filling a new index from a backup: prepared aside, then there in one transaction."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from uuid import UUID

from keyring.envelope import DataKey
from kit.errors import DataLoss
from kit.ids import new_id
from storage.backups.form import BackupContent, NamespacePart, read_content
from storage.backups.tail import read_tail
from storage.database import Connection, translated_errors
from storage.manifests import Manifest, SegmentEntry, put_manifest
from storage.objects import ObjectStore
from storage.segments import SegmentName, copy_segment
from storage.write_log.batches import seal_batch
from storage.write_log.names import new_namespace, open_name, open_schema
from storage.write_log.operations import operation_code, record_count

_FIRST_VERSION = 1


@dataclass(frozen=True, slots=True)
class Filling:
    """The backup, the index that it goes into, and the project's key for both.

    `progress` is told (bytes done, bytes in all) and may raise to stop. `confirm` runs in the last
    transaction, locks what must still be there, and may raise too.
    """

    connection: Connection
    store: ObjectStore
    key: DataKey
    backup_id: UUID
    source_id: UUID
    target_id: UUID
    progress: Callable[[int, int], None]
    confirm: Callable[[Connection], None]

    def fill(self, *, dimension: int | None) -> None:
        """Bring every record of the backup into the index, under the LSNs that they had.

        Until the last statement nobody sees any of it; what a try that fails leaves are objects
        that nothing names. Raises `DataLoss` where a part of the backup does not authenticate.
        """
        content = read_content(self.store, self.key, self.backup_id, index_id=self.source_id)
        if content.dimension != dimension:
            raise DataLoss("The backup's vectors have another dimension than the index.")
        prepared = self._copied(content)
        with translated_errors(), self.connection.transaction():
            self.confirm(self.connection)
            for part, namespace_id in prepared:
                self._write_namespace(part, namespace_id)
                self._write_batches(part, namespace_id)

    def _copied(self, content: BackupContent) -> list[tuple[NamespacePart, UUID]]:
        prepared, done, total = [], 0, max(content.size_bytes, 1)
        for part in content.namespaces:
            namespace_id, entries = new_id(), []
            for entry in part.segments:
                self.progress(done, total)
                entries.append(self._copy(part, entry, namespace_id))
                done += entry.size_bytes
            if part.manifest_version:
                manifest = Manifest(_FIRST_VERSION, part.manifest_lsn, tuple(entries))
                put_manifest(self.store, self.key, manifest, (self.target_id, namespace_id))
            prepared.append((part, namespace_id))
        self.progress(done, total)
        return prepared

    def _copy(self, part: NamespacePart, entry: SegmentEntry, namespace_id: UUID) -> SegmentEntry:
        source = SegmentName(self.source_id, part.namespace_id, entry.segment_id)
        target = SegmentName(self.target_id, namespace_id, new_id())
        size_bytes = copy_segment(self.store, self.key, source, target)
        return replace(entry, segment_id=target.segment_id, size_bytes=size_bytes)

    def _write_namespace(self, part: NamespacePart, namespace_id: UUID) -> None:
        place = (self.source_id, part.namespace_id)
        name = open_name(self.key, part.name_sealed, *place)
        schema = open_schema(self.key, part.schema_sealed, *place)
        made = new_namespace(self.key, self.target_id, namespace_id, name, schema=schema)
        self.connection.execute(
            """INSERT INTO log_namespace (index_id, namespace_id, name_digest, name_sealed,
                   schema_sealed, manifest_version, manifest_lsn)
               VALUES (%s, %s, %s, %s, %s, %s, %s)""",
            [self.target_id, namespace_id, made.name_digest, made.name_sealed, made.schema_sealed,
             _FIRST_VERSION if part.manifest_version else 0, part.manifest_lsn],
        )  # fmt: skip

    def _write_batches(self, part: NamespacePart, namespace_id: UUID) -> None:
        place = {"index_id": self.target_id, "namespace_id": namespace_id}
        for lsn, operation in read_tail(
            self.store, self.key, self.backup_id, part, index_id=self.source_id
        ):
            self.connection.execute(
                """INSERT INTO log_batch (index_id, namespace_id, lsn, operation, record_count,
                       sealed, committed_at)
                   VALUES (%s, %s, %s, %s, %s, %s, clock_timestamp())""",
                [*place.values(), lsn, int(operation_code(operation)), record_count(operation),
                 seal_batch(self.key, operation, lsn=lsn, **place)],
            )  # fmt: skip
