"""An index as it was at a moment: for every namespace of then a base, and the log up to then."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from keyring.envelope import DataKey
from kit.errors import DataLoss
from storage.archive import rows
from storage.archive.read import ArchivedLog
from storage.backups.form import BackupContent, NamespacePart
from storage.database import Connection
from storage.manifests import Manifest, read_manifest
from storage.objects import ObjectStore
from storage.write_log.names import open_name
from storage.write_log.operations import Operation


@dataclass(frozen=True, slots=True)
class Moment:
    """What a restore reads in place of a backup. All that was acknowledged until `at` has to be
    in the archive, and nobody may sweep the index up meanwhile."""

    connection: Connection
    store: ObjectStore
    key: DataKey
    index_id: UUID
    at: datetime
    dimension: int | None

    def content(self) -> BackupContent:
        """Each namespace of then. Raises `DataLoss` where the archive does not reach to it."""
        there = [one for one in rows.lives(self.connection, self.index_id) if self._was_there(one)]
        parts = tuple(self._part(one) for one in self._named_once(there))
        return BackupContent(self.index_id, self.dimension, self.at.timestamp(), 0, parts)

    def tail(self, part: NamespacePart) -> Iterator[tuple[int, Operation]]:
        """(LSN, operation) from the part's manifest on."""
        log = self._log(part.namespace_id)
        return log.operations(after_lsn=part.manifest_lsn, up_to_lsn=part.lsn)

    def _was_there(self, one: rows.Lived) -> bool:
        is_gone = one.dropped_at is not None and one.dropped_at <= self.at
        return one.created_at <= self.at and not is_gone

    def _named_once(self, there: list[rows.Lived]) -> list[rows.Lived]:
        """Of one name the namespace made last: a clock that was set back lets two overlap."""
        place = self.index_id
        by_name = {open_name(self.key, one.name_sealed, place, one.namespace_id): one
                   for one in there}  # fmt: skip
        return list(by_name.values())

    def _part(self, one: rows.Lived) -> NamespacePart:
        if self.at < one.origin_at:
            raise DataLoss("The archived log does not reach back to this moment.")
        moment_us = round(self.at.timestamp() * 1_000_000)
        lsn = self._log(one.namespace_id).lsn_at(
            moment_us, first_lsn=one.origin_lsn, last_lsn=one.archived_lsn
        )
        manifest = self._base(one.namespace_id, lsn)
        return NamespacePart(
            namespace_id=one.namespace_id,
            name_sealed=one.name_sealed,
            schema_sealed=one.schema_sealed,
            manifest_version=manifest.version,
            manifest_lsn=manifest.lsn,
            lsn=lsn,
            segments=manifest.segments,
        )

    def _base(self, namespace_id: UUID, lsn: int) -> Manifest:
        bases = rows.bases(self.connection, (self.index_id, namespace_id))
        usable = [one for one in bases if one.manifest_lsn <= lsn]
        version = max(usable).manifest_version if usable else 0
        place = {"index_id": self.index_id, "namespace_id": namespace_id}
        manifest = read_manifest(self.store, self.key, version, **place)
        if manifest.lsn > lsn:
            raise DataLoss(f"Manifest {version} is past the moment that it is a base for.")
        return manifest

    def _log(self, namespace_id: UUID) -> ArchivedLog:
        return ArchivedLog(self.store, self.key, (self.index_id, namespace_id))
