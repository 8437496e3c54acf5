"""Verifying a backup: restored into a place of its own, read there, and compared by digests.

`python -m dataplane.builder.verification` is one such run. It prints a line of JSON now and then,
how far it is, and one at the end.
"""

import argparse
import logging
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

import orjson

from dataplane.builder.digest import NamespaceDigest, digest_of, index_digest
from dataplane.builder.older import OlderSegments
from keyring.envelope import DataKey
from kit.environment import Environment, environment
from kit.errors import DataLoss, NotFound, StonepineError
from kit.logs import configure_logs
from storage.backups.fill import Filling, Prepared
from storage.backups.form import BackupContent, NamespacePart
from storage.backups.tail import StoredBackup
from storage.database import Connection, connect
from storage.manifests import SegmentEntry, read_manifest
from storage.objects import ObjectStore, open_object_store
from storage.outer_keys import open_keyring
from storage.project_keys import project_key
from storage.segments import SegmentName, SegmentReader
from storage.write_log.log import namespaces, read_batches
from storage.write_log.names import NamespaceRow, open_name
from storage.write_log.operations import Operation

Digests = dict[str, NamespaceDigest]
Batches = list[tuple[int, Operation]]
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Verified:
    """`digest` is that of all records at the backup's LSNs; `damage` is empty where it is sound."""

    digest: str = ""
    damage: str = ""


@dataclass(frozen=True, slots=True)
class Verification:
    """The backup, and the id of an index that does not exist and never will: its scratch place."""

    connection: Connection
    store: ObjectStore
    key: DataKey
    backup_id: UUID
    source_id: UUID
    scratch_id: UUID
    progress: Callable[[float], None]

    def verify(self) -> Verified:
        """Read the backup, restore it, read that; nothing of it stays, and nobody has seen it."""
        self._clear()
        try:
            content = self._backup.content()
            held = self._held(content)
            restored = self._restored(content)
        except (DataLoss, NotFound) as error:
            return Verified(damage=error.message)
        finally:
            self._clear()
        return Verified(index_digest(held), _difference(content, held, restored))

    @property
    def _backup(self) -> StoredBackup:
        return StoredBackup(self.store, self.key, self.backup_id, self.source_id)

    def _held(self, content: BackupContent) -> Digests:
        """What the backup itself says that each namespace was at its LSN."""
        found = {}
        for number, part in enumerate(content.namespaces):
            self.progress(40 * number / len(content.namespaces))
            place = (self.source_id, part.namespace_id)
            older = self._older(part.segments, place)
            found[self._name(part)] = digest_of(
                older, self._backup.tail(part), after_lsn=part.manifest_lsn
            )
        return found

    def _restored(self, content: BackupContent) -> Digests:
        """What each namespace of the restored index is, read as one reads any index."""
        filling = Filling(
            connection=self.connection,
            store=self.store,
            key=self.key,
            source=self._backup,
            target_id=self.scratch_id,
            progress=lambda done, total: self.progress(40 + 30 * done / total),
            confirm=lambda _connection: None,
        )
        prepared = Prepared()
        filling.copy(filling.content(dimension=content.dimension), prepared)
        # Rolled back, so that no builder, sweep or engine meets an index that is none.
        with self.connection.transaction(force_rollback=True):
            filling.write(content, prepared)
            rows = namespaces(self.connection, self.scratch_id)
            read = [(row, self._batches(row)) for row in rows]
        found = {}
        for number, (row, batches) in enumerate(read):
            self.progress(70 + 30 * number / len(read))
            found[row.name(self.key)] = self._digest(row, batches)
        return found

    def _digest(self, row: NamespaceRow, batches: Batches) -> NamespaceDigest:
        place = {"index_id": self.scratch_id, "namespace_id": row.namespace_id}
        manifest = read_manifest(self.store, self.key, row.manifest_version, **place)
        older = self._older(manifest.segments, (self.scratch_id, row.namespace_id))
        return digest_of(older, batches, after_lsn=manifest.lsn)

    def _batches(self, row: NamespaceRow) -> Batches:
        read = read_batches(
            self.connection,
            self.key,
            self.scratch_id,
            row.namespace_id,
            after_lsn=row.manifest_lsn,
        )
        return [(lsn, operation) for lsn, operation, _ in read]

    def _older(self, segments: tuple[SegmentEntry, ...], place: tuple[UUID, UUID]) -> OlderSegments:
        return OlderSegments(
            segments,
            lambda segment_id: SegmentReader(self.store, self.key, SegmentName(*place, segment_id)),
        )

    def _name(self, part: NamespacePart) -> str:
        return open_name(self.key, part.name_sealed, self.source_id, part.namespace_id)

    def _clear(self) -> None:
        """Also what a run that was killed has left."""
        for path in list(self.store.list(f"indexes/{self.scratch_id}/")):
            self.store.delete(path)


def _difference(content: BackupContent, held: Digests, restored: Digests) -> str:
    """In words; empty where there is none."""
    if held.keys() != restored.keys():
        return "The restored index has other namespaces than the backup."
    for name, one in held.items():
        if restored[name] != one:
            return "A restored namespace has other records than the backup."
    if sorted(one.lsn for one in held.values()) != sorted(one.lsn for one in content.namespaces):
        return "A namespace ends at another LSN than the backup says."
    if sum(one.record_count for one in held.values()) != content.record_count:
        return "There are more or fewer records than the backup says."
    return ""


def main(arguments: list[str] | None = None) -> int:
    """0 where it could be told whether the backup is sound, else 1."""
    options = _parse(arguments)
    try:
        verified = _run(environment(), options)
    except StonepineError as error:
        _report({"status": "failed", "message": error.message})
        return 1
    except Exception as error:  # noqa: BLE001 - the caller reads one line of JSON, whatever happens
        _log.exception("the verification failed")
        _report({"status": "failed", "message": type(error).__name__})
        return 1
    _report({"status": "verified", **asdict(verified)})
    return 0


def _run(settings: Environment, options: argparse.Namespace) -> Verified:
    url = settings.database_system_url.get_secret_value()
    with closing(connect(url, name="verification")) as connection:
        key = project_key(connection, open_keyring(settings), options.project)
        if key is None:
            raise NotFound(f"The project {options.project} has no data key.")
        return Verification(
            connection=connection,
            store=open_object_store(settings.object_store_url),
            key=key,
            backup_id=options.backup,
            source_id=options.index,
            scratch_id=options.scratch,
            progress=lambda percent: _report({"status": "running", "percent": round(percent, 1)}),
        ).verify()


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m dataplane.builder.verification")
    for name in ("backup", "index", "project", "scratch"):
        parser.add_argument(f"--{name}", type=UUID, required=True, help=f"an id: the {name}'s")
    return parser.parse_args(arguments)


def _report(line: dict[str, Any]) -> None:
    sys.stdout.write(orjson.dumps(line).decode() + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    configure_logs("verification", file=sys.stderr)
    sys.exit(main())
