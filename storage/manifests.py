"""Manifests: which segments make up a namespace, and up to which LSN they cover the log."""

from dataclasses import dataclass, replace
from uuid import UUID

import msgspec

from keyring.envelope import DataKey
from kit import clock
from kit.errors import Aborted, AlreadyExists, DataLoss, Unavailable
from storage.database import Connection, translated_errors
from storage.objects import ObjectStore
from storage.sealing import resealed, seal_named, unseal_named

NOTICE_CHANNEL = "stonepine_manifest"
_PURPOSE = "manifest"
# Versions that crashed writers left behind are passed over, this many at most.
_MAX_ORPHANS = 100


@dataclass(frozen=True, slots=True)
class SegmentEntry:
    """`deleted` is a serialized roaring bitmap of the segment's rows that are no longer live."""

    segment_id: UUID
    record_count: int
    deleted: bytes
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """Version 0 stands for the namespace without a manifest; the first one has version 1.

    `previous` is the version that it replaced, at `made_at_s` by its writer's clock.
    """

    version: int = 0
    lsn: int = 0
    segments: tuple[SegmentEntry, ...] = ()
    previous: int = 0
    made_at_s: float = 0.0


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Manifest).decode


def manifest_path(index_id: UUID, namespace_id: UUID, version: int) -> str:
    return f"indexes/{index_id}/{namespace_id}/manifests/{version:020d}"


def read_manifest(
    store: ObjectStore, key: DataKey, version: int, *, index_id: UUID, namespace_id: UUID
) -> Manifest:
    """The manifest of that version. Raises `DataLoss` where it does not authenticate."""
    if version == 0:
        return Manifest()
    sealed = store.get(manifest_path(index_id, namespace_id, version))
    plaintext = unseal_named(key, sealed, _PURPOSE, index_id, namespace_id, version)
    try:
        manifest = _decode(plaintext)
    except msgspec.MsgspecError as error:
        raise DataLoss(f"Manifest {version} is malformed: {error}.") from error
    if manifest.version != version:
        raise DataLoss(f"Manifest {version} says that it is version {manifest.version}.")
    return manifest


def commit_manifest(
    connection: Connection,
    store: ObjectStore,
    key: DataKey,
    manifest: Manifest,
    *,
    index_id: UUID,
    namespace_id: UUID,
    expected_version: int,
    is_merge_due: bool = False,
) -> Manifest:
    """Make `manifest` the current one in place of `expected_version`, and tell the engines.

    The answer carries the version that it got: the first free one, because an object that a
    crashed writer left is never overwritten. `is_merge_due` is noted for whoever has segments
    merged. Raises `Aborted` where somebody was faster or the
    namespace is gone; nothing has changed then.
    """
    place = (index_id, namespace_id)
    numbered = replace(
        manifest,
        version=expected_version + 1,
        previous=expected_version,
        made_at_s=clock.now().timestamp(),
    )
    manifest = put_manifest(store, key, numbered, place)
    try:
        _make_current(connection, manifest, place, is_merge_due=is_merge_due)
    except Aborted:
        store.delete(manifest_path(*place, manifest.version))
        raise
    return manifest


def put_manifest(
    store: ObjectStore, key: DataKey, manifest: Manifest, place: tuple[UUID, UUID]
) -> Manifest:
    """Store it, under the first free version from its own on; that does not make it current."""
    for version in range(manifest.version, manifest.version + _MAX_ORPHANS):
        numbered = replace(manifest, version=version)
        sealed = seal_named(key, _encode(numbered), _PURPOSE, *place, version)
        try:
            store.put(manifest_path(*place, version), [sealed], is_new=True)
        except AlreadyExists:
            continue
        return numbered
    raise Unavailable("Too many abandoned manifests lie in the object store.")


def reseal_manifest(
    store: ObjectStore, key: DataKey, place: tuple[UUID, UUID], version: int
) -> None:
    """Seal it anew under the newest version of the key, in its place."""
    path = manifest_path(*place, version)
    store.put(path, [resealed(key, store.get(path), _PURPOSE, *place, version)])


def settle_merge(
    connection: Connection, index_id: UUID, namespace_id: UUID, *, version: int
) -> None:
    """Note that nothing is to be merged in the manifest of that version, if it is current."""
    with translated_errors():
        connection.execute(
            """UPDATE log_namespace SET is_merge_due = false
               WHERE index_id = %s AND namespace_id = %s AND manifest_version = %s""",
            [index_id, namespace_id, version],
        )


def _make_current(
    connection: Connection, manifest: Manifest, place: tuple[UUID, UUID], *, is_merge_due: bool
) -> None:
    with translated_errors(), connection.transaction():
        changed = connection.execute(
            """UPDATE log_namespace SET manifest_version = %s, manifest_lsn = %s,
                   is_merge_due = %s
               WHERE index_id = %s AND namespace_id = %s
                 AND manifest_version = %s AND manifest_lsn <= %s""",
            [manifest.version, manifest.lsn, is_merge_due, *place, manifest.previous, manifest.lsn],
        ).rowcount
        if changed != 1:
            raise Aborted("Another manifest was committed before this one.")
        notice = "{} {}".format(*place)
        connection.execute("SELECT pg_notify(%s, %s)", [NOTICE_CHANNEL, notice])
