"""What a backup is in the object store: a sealed list of namespaces, each at one LSN.

    backups/<backup>/content           the list; names manifests, segments and log of the index
    backups/<backup>/log/<namespace>   the log's batches that were not in its archive then

Of the log that no manifest of then covers, most is in the archive already (`storage/archive/`): a
backup pins it there (`storage/pins.py`), as it does segments.

Everything is bound to the backup's id and opened under the project's key, so that nothing in here
was written by anybody else. Paths are made of ids alone.
"""

from uuid import UUID

import msgspec
from msgspec.structs import replace

from keyring.envelope import DataKey
from kit.errors import DataLoss
from storage.manifests import SegmentEntry
from storage.objects import ObjectStore
from storage.sealing import seal_named, unseal_named
from storage.write_log.names import reseal_names

ROOT = "backups/"
_PURPOSE = "backup"


class NamespacePart(msgspec.Struct, frozen=True):
    """A namespace as it was at `lsn`: these segments up to `manifest_lsn`, then the log's batches,
    up to `archived_lsn` in the archive.

    Names are sealed as they were in the index's own row.
    """

    namespace_id: UUID
    name_sealed: bytes
    schema_sealed: bytes | None
    manifest_version: int
    manifest_lsn: int
    lsn: int
    segments: tuple[SegmentEntry, ...] = ()
    record_count: int = 0
    archived_lsn: int = 0

    @property
    def shared_lsn(self) -> int:
        """What the archive does not hold, or the segments, begins after it."""
        return max(self.manifest_lsn, self.archived_lsn)


class BackupContent(msgspec.Struct, frozen=True):
    """All namespaces of one index at one moment. `tail_bytes` is the size of the logs' batches,
    wherever they are."""

    index_id: UUID
    dimension: int | None
    taken_at_s: float
    tail_bytes: int
    namespaces: tuple[NamespacePart, ...]

    @property
    def record_count(self) -> int:
        return sum(part.record_count for part in self.namespaces)

    @property
    def size_bytes(self) -> int:
        segments = (entry for part in self.namespaces for entry in part.segments)
        return self.tail_bytes + sum(entry.size_bytes for entry in segments)


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(BackupContent).decode


def content_path(backup_id: UUID) -> str:
    return f"{ROOT}{backup_id}/content"


def tail_path(backup_id: UUID, namespace_id: UUID) -> str:
    return f"{ROOT}{backup_id}/log/{namespace_id}"


def write_content(
    store: ObjectStore, key: DataKey, backup_id: UUID, content: BackupContent
) -> None:
    """Store it in place of what an earlier try may have left, all under one version of the key."""
    content = replace(
        content,
        namespaces=tuple(_resealed(key, content.index_id, one) for one in content.namespaces),
    )
    sealed = seal_named(key, _encode(content), _PURPOSE, backup_id, content.index_id)
    store.put(content_path(backup_id), [sealed])


def _resealed(key: DataKey, index_id: UUID, part: NamespacePart) -> NamespacePart:
    place = (index_id, part.namespace_id)
    name, schema = reseal_names(key, part.name_sealed, part.schema_sealed, place)
    return replace(part, name_sealed=name, schema_sealed=schema)


def read_content(
    store: ObjectStore, key: DataKey, backup_id: UUID, *, index_id: UUID
) -> BackupContent:
    """The backup of that index. Raises `DataLoss` where it does not authenticate."""
    sealed = store.get(content_path(backup_id))
    try:
        content = _decode(unseal_named(key, sealed, _PURPOSE, backup_id, index_id))
    except msgspec.MsgspecError as error:
        raise DataLoss(f"Backup {backup_id} is malformed: {error}.") from error
    if content.index_id != index_id:
        raise DataLoss(f"Backup {backup_id} is of another index.")
    return content
