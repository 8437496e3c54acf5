"""Objects of indexes and backups: under which version of the key each is, and sealing it anew.

An object is written anew in its own place: it says the same, and whoever reads it meanwhile reads
on. One that is deleted meanwhile may come back; the sweep finds it, as it finds any that nothing
needs.
"""

from collections.abc import Iterator
from uuid import UUID

from keyring.envelope import DataKey
from kit.errors import NotFound
from storage.archive.form import (
    LIFE,
    LOG,
    Stretch,
    created_path,
    read_created,
    read_dropped,
    read_stretch,
    write_created,
    write_dropped,
    write_stretch,
)
from storage.backups.form import ROOT, content_path, read_content, write_content
from storage.backups.tail import FRAME_BYTES, reseal_tail
from storage.manifests import reseal_manifest
from storage.objects import ObjectStore
from storage.sealing import VERSION_BYTES, sealed_version
from storage.segments import SegmentName, reseal_segment, segment_key_version

Found = tuple[str, int]


def versions_of_index(store: ObjectStore, index_id: UUID) -> Iterator[Found]:
    """Each object of the index with the version of the key that sealed it."""
    for path in store.list(f"indexes/{index_id}/"):
        is_segment = path.split("/")[3] == "segments"
        try:
            yield path, segment_key_version(store, path) if is_segment else _version(store, path)
        except NotFound:
            continue  # deleted meanwhile


def versions_of_backup(store: ObjectStore, backup_id: UUID) -> Iterator[Found]:
    """As of an index."""
    for path in store.list(f"{ROOT}{backup_id}/"):
        at = 0 if path == content_path(backup_id) else FRAME_BYTES
        try:
            yield path, _version(store, path, at)
        except NotFound:
            continue


def reseal_object(store: ObjectStore, key: DataKey, path: str) -> None:
    """One of an index. Raises `DataLoss` where it does not open."""
    _, index_id, namespace_id, kind, name = path.split("/")
    place = (UUID(index_id), UUID(namespace_id))
    if kind == "segments":
        reseal_segment(store, key, SegmentName(*place, UUID(name)))
    elif kind == "manifests":
        reseal_manifest(store, key, place, int(name))
    elif kind == LOG:
        write_stretch(store, key, place, read_stretch(store, key, place, Stretch.named(name)))
    elif kind == LIFE and path == created_path(place):
        write_created(store, key, place, read_created(store, key, place))
    elif kind == LIFE:
        write_dropped(store, key, place, read_dropped(store, key, place))


def reseal_backup_object(store: ObjectStore, key: DataKey, path: str, *, index_id: UUID) -> None:
    """One of a backup of that index which is ready, and so is never written again."""
    backup_id = UUID(path.split("/")[1])
    if path == content_path(backup_id):
        write_content(store, key, backup_id, read_content(store, key, backup_id, index_id=index_id))
    else:
        namespace_id = UUID(path.rpartition("/")[2])
        reseal_tail(store, key, path, index_id=index_id, namespace_id=namespace_id)


def _version(store: ObjectStore, path: str, at: int = 0) -> int:
    return sealed_version(store.read_at(path, at, VERSION_BYTES))
