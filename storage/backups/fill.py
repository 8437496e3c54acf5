"""Filling a new index from one of the past: prepared aside, then there in one transaction."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Protocol
from uuid import UUID

import msgspec

from keyring.envelope import DataKey
from kit.errors import DataLoss
from kit.ids import new_id
from storage.backups.form import BackupContent, NamespacePart
from storage.database import Connection, translated_errors
from storage.manifests import Manifest, SegmentEntry, put_manifest
from storage.objects import ObjectStore
from storage.segments import SegmentName, copy_segment
from storage.write_log.batches import seal_batch
from storage.write_log.names import new_namespace, open_name, open_schema
from storage.write_log.operations import Operation, operation_code, record_count


class CopiedSegment(msgspec.Struct, frozen=True):
    """A segment of the backup in its new place."""

    segment_id: UUID
    size_bytes: int


class Prepared(msgspec.Struct):
    """What lies in the new index's place already, by the ids of then. It can be kept as JSON, for
    another process to go on with."""

    namespaces: dict[UUID, UUID] = {}
    segments: dict[UUID, CopiedSegment] = {}


def _always() -> bool:
    return True


class Source(Protocol):
    """An index of the past: a backup of it, or a moment of its archived log.

    Both methods raise `DataLoss` for whatever is not as it was written.
    """

    @property
    def index_id(self) -> UUID: ...

    def content(self) -> BackupContent:
        """Its namespaces, each with the segments of a manifest and the LSN that it went to."""

    def tail(self, part: NamespacePart) -> Iterator[tuple[int, Operation]]:
        """(LSN, operation) in order, from the part's manifest to its LSN."""


@dataclass(frozen=True, slots=True)
class Filling:
    """Where the records come from, the index that they go into, the project's key for both.

    `progress` is told (bytes done, bytes in all) and may raise to stop. `confirm` runs in the last
    transaction, locks what must still be there, and may raise too.
    """

    connection: Connection
    store: ObjectStore
    key: DataKey
    source: Source
    target_id: UUID
    progress: Callable[[int, int], None]
    confirm: Callable[[Connection], None]

    def content(self, *, dimension: int | None) -> BackupContent:
        """What the source holds, for an index of that dimension.

        Raises `DataLoss` where it does not authenticate, as everything here does.
        """
        content = self.source.content()
        if content.dimension != dimension:
            raise DataLoss("The vectors of then have another dimension than the index.")
        return content

    def copy(
        self,
        content: BackupContent,
        prepared: Prepared,
        *,
        may_go_on: Callable[[], bool] = _always,
    ) -> bool:
        """Copy the segments that are not there yet, at least one of them; whether all are there.

        Nobody sees them: what a filling leaves that never ends are objects that nothing names.
        """
        is_first, total = True, max(content.size_bytes, 1)
        self.progress(_copied_bytes(prepared), total)
        for part in content.namespaces:
            namespace_id = prepared.namespaces.setdefault(part.namespace_id, new_id())
            for entry in part.segments:
                if entry.segment_id in prepared.segments:
                    continue
                if not is_first and not may_go_on():
                    return False
                is_first = False
                copied = self._copied(part, entry, namespace_id)
                prepared.segments[entry.segment_id] = copied
                self.progress(_copied_bytes(prepared), total)
        return True

    def write(self, content: BackupContent, prepared: Prepared) -> None:
        """Bring every record of the source into the index, under the LSNs that they had."""
        versions = [self._manifest(part, prepared) for part in content.namespaces]
        with translated_errors(), self.connection.transaction():
            self.confirm(self.connection)
            for part, version in zip(content.namespaces, versions, strict=True):
                namespace_id = prepared.namespaces[part.namespace_id]
                self._write_namespace(part, namespace_id, version=version)
                self._write_batches(part, namespace_id)

    def _copied(
        self, part: NamespacePart, entry: SegmentEntry, namespace_id: UUID
    ) -> CopiedSegment:
        source = SegmentName(self.source.index_id, part.namespace_id, entry.segment_id)
        target = SegmentName(self.target_id, namespace_id, new_id())
        size_bytes = copy_segment(self.store, self.key, source, target)
        return CopiedSegment(target.segment_id, size_bytes)

    def _manifest(self, part: NamespacePart, prepared: Prepared) -> int:
        """Store the namespace's manifest; its version."""
        if not part.manifest_version:
            return 0
        entries = []
        for entry in part.segments:
            copied = prepared.segments[entry.segment_id]
            renamed = replace(entry, segment_id=copied.segment_id, size_bytes=copied.size_bytes)
            entries.append(renamed)
        manifest = Manifest(1, part.manifest_lsn, tuple(entries))
        place = (self.target_id, prepared.namespaces[part.namespace_id])
        return put_manifest(self.store, self.key, manifest, place).version

    def _write_namespace(self, part: NamespacePart, namespace_id: UUID, *, version: int) -> None:
        place = (self.source.index_id, part.namespace_id)
        name = open_name(self.key, part.name_sealed, *place)
        schema = open_schema(self.key, part.schema_sealed, *place)
        made = new_namespace(self.key, self.target_id, namespace_id, name, schema=schema)
        self.connection.execute(
            """INSERT INTO log_namespace (index_id, namespace_id, name_digest, name_sealed,
                   schema_sealed, manifest_version, manifest_lsn, origin_lsn)
               VALUES (%s, %s, %s, %s, %s, %s, %s, %s)""",
            [self.target_id, namespace_id, made.name_digest, made.name_sealed, made.schema_sealed,
             version, part.manifest_lsn, part.manifest_lsn],
        )  # fmt: skip

    def _write_batches(self, part: NamespacePart, namespace_id: UUID) -> None:
        place = {"index_id": self.target_id, "namespace_id": namespace_id}
        for lsn, operation in self.source.tail(part):
            self.connection.execute(
                """INSERT INTO log_batch (index_id, namespace_id, lsn, operation, record_count,
                       sealed, committed_at)
                   VALUES (%s, %s, %s, %s, %s, %s, clock_timestamp())""",
                [*place.values(), lsn, int(operation_code(operation)), record_count(operation),
                 seal_batch(self.key, operation, lsn=lsn, **place)],
            )  # fmt: skip


def _copied_bytes(prepared: Prepared) -> int:
    return sum(copied.size_bytes for copied in prepared.segments.values())
