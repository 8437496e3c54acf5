"""Examining one backup: its list, the segments that it shares, its logs' ends, its pins."""

from dataclasses import dataclass, field
from uuid import UUID

from keyring.envelope import DataKey
from kit.errors import DataLoss
from storage.archive.form import LOG, prefix
from storage.backups.form import BackupContent, NamespacePart, content_path, tail_path
from storage.backups.tail import StoredBackup, archived_tail
from storage.database import Connection
from storage.fsck import rows
from storage.fsck.damage import Findings, Part
from storage.fsck.segments import SegmentExamination, SegmentShelf
from storage.manifests import manifest_path, read_manifest
from storage.pins import Pin


@dataclass(frozen=True, slots=True)
class KnownBackup:
    """A backup or collection that is Ready, as its row in the control plane tells of it."""

    backup_id: UUID
    index_id: UUID
    project_id: UUID
    dimension: int | None
    record_count: int
    namespace_count: int
    size_bytes: int

    def is_told_by(self, content: BackupContent) -> bool:
        counts = (content.record_count, len(content.namespaces), content.size_bytes)
        return counts == (self.record_count, self.namespace_count, self.size_bytes)


@dataclass(frozen=True, slots=True)
class BackupExamination:
    """Everything that a restore would read, and what keeps it from being swept up."""

    connection: Connection
    shelf: SegmentShelf
    key: DataKey
    backup: KnownBackup
    findings: Findings = field(default_factory=Findings)

    def examine(self) -> Findings:
        path = content_path(self.backup.backup_id)
        with self.findings.noting(Part.BACKUP, path, meaning=self._meaning):
            content = self._stored.content()
            for part in content.namespaces:
                self._namespace(part, path)
            self._pins(content)
            if not self.backup.is_told_by(content):
                raise DataLoss("It holds another moment than the backup's row tells of.")
        return self.findings

    def _namespace(self, part: NamespacePart, path: str) -> None:
        looking = SegmentExamination(
            self.shelf, self.key, (self.backup.index_id, part.namespace_id),
            self.backup.dimension or 0, self.findings,
        )  # fmt: skip
        looking.entries(part.segments, path, meaning=self._meaning)
        place = (self.backup.index_id, part.namespace_id)
        with self.findings.noting(Part.ARCHIVE, prefix(place, LOG), meaning=self._meaning):
            for _ in archived_tail(self.shelf.store, self.key, part, index_id=place[0]):
                pass
            tail = tail_path(self.backup.backup_id, part.namespace_id)
            with self.findings.noting(Part.BACKUP, tail, meaning=self._meaning):
                for _ in self._stored.tail(part):
                    pass

    def _pins(self, content: BackupContent) -> None:
        kept = rows.pins_of(self.connection, self.backup.backup_id)
        for part in content.namespaces:
            version = part.manifest_version
            needed = Pin(part.namespace_id, version, part.manifest_lsn, part.shared_lsn)
            if not needed.is_kept_by(kept.get(part.namespace_id)):
                self.findings.add(
                    Part.PIN, f"log_pin {self.backup.backup_id}/{part.namespace_id}",
                    what=f"Nothing keeps manifest {version}, or the log after it, from being "
                    "swept up.",
                    meaning=f"{self._meaning} Not yet perhaps, but after a sweep.",
                )  # fmt: skip
            elif version:
                self._pinned_manifest(part)

    def _pinned_manifest(self, part: NamespacePart) -> None:
        place = (self.backup.index_id, part.namespace_id)
        path = manifest_path(*place, part.manifest_version)
        meaning = "The sweep leaves everything of this namespace: the store fills up."
        with self.findings.noting(Part.MANIFEST, path, meaning=meaning):
            index_id, namespace_id = place
            read_manifest(
                self.shelf.store, self.key, part.manifest_version,
                index_id=index_id, namespace_id=namespace_id,
            )  # fmt: skip

    @property
    def _stored(self) -> StoredBackup:
        backup = self.backup
        return StoredBackup(self.shelf.store, self.key, backup.backup_id, backup.index_id)

    @property
    def _meaning(self) -> str:
        return f"The backup {self.backup.backup_id} cannot be restored."
