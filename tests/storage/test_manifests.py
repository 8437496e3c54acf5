"""Manifests: one winner, nothing overwritten, every change noticed."""

from pathlib import Path
from uuid import UUID

import pytest

from keyring.envelope import DataKey
from kit.errors import Aborted, DataLoss, NotFound
from kit.ids import new_id
from storage.database import Connection
from storage.local_objects import LocalObjectStore
from storage.manifests import (
    Manifest,
    SegmentEntry,
    commit_manifest,
    manifest_path,
    read_manifest,
)
from storage.write_log import log
from storage.write_log.names import new_namespace

Place = dict[str, UUID]


@pytest.fixture
def store(tmp_path: Path) -> LocalObjectStore:
    return LocalObjectStore(tmp_path)


@pytest.fixture
def place(connection: Connection, key: DataKey, index_id: UUID) -> Place:
    """A namespace without a manifest."""
    epoch = log.take_lease(connection, index_id, "test")
    namespace = new_namespace(key, index_id, new_id(), "ns")
    log.create_namespace(connection, index_id, namespace, epoch=epoch)
    return {"index_id": index_id, "namespace_id": namespace.namespace_id}


def manifest(lsn: int) -> Manifest:
    return Manifest(lsn=lsn, segments=(SegmentEntry(new_id(), 10, b"roaring", 4096),))


def current(connection: Connection, place: Place) -> tuple[int, int]:
    row = log.get_namespace(connection, place["index_id"], place["namespace_id"])
    return row.manifest_version, row.manifest_lsn


def test_a_committed_manifest_is_current_and_reads_back(
    connection: Connection, store: LocalObjectStore, key: DataKey, place: Place
) -> None:
    committed = commit_manifest(connection, store, key, manifest(7), expected_version=0, **place)
    assert current(connection, place) == (1, 7)
    assert read_manifest(store, key, 1, **place) == committed
    assert committed.version == 1
    assert read_manifest(store, key, 0, **place) == Manifest()


def test_the_slower_of_two_is_aborted_and_leaves_no_object(
    connection: Connection, store: LocalObjectStore, key: DataKey, place: Place
) -> None:
    commit_manifest(connection, store, key, manifest(7), expected_version=0, **place)
    before = list(store.list(""))
    with pytest.raises(Aborted):
        commit_manifest(connection, store, key, manifest(8), expected_version=0, **place)
    assert list(store.list("")) == before
    assert current(connection, place) == (1, 7)


def test_an_object_that_a_crashed_writer_left_is_passed_over(
    connection: Connection, store: LocalObjectStore, key: DataKey, place: Place
) -> None:
    orphan = manifest_path(place["index_id"], place["namespace_id"], 1)
    store.put(orphan, [b"left behind"])
    committed = commit_manifest(connection, store, key, manifest(7), expected_version=0, **place)
    assert committed.version == 2
    assert current(connection, place) == (2, 7)
    assert store.get(orphan) == b"left behind"
    assert read_manifest(store, key, 2, **place) == committed


def test_a_manifest_never_goes_back_in_the_log(
    connection: Connection, store: LocalObjectStore, key: DataKey, place: Place
) -> None:
    commit_manifest(connection, store, key, manifest(7), expected_version=0, **place)
    with pytest.raises(Aborted):
        commit_manifest(connection, store, key, manifest(6), expected_version=1, **place)


def test_a_namespace_that_was_dropped_takes_no_manifest(
    connection: Connection, store: LocalObjectStore, key: DataKey, place: Place
) -> None:
    log.drop_index(connection, place["index_id"])
    with pytest.raises(Aborted):
        commit_manifest(connection, store, key, manifest(7), expected_version=0, **place)


def test_engines_are_told(
    connection: Connection, admin: Connection, store: LocalObjectStore, key: DataKey, place: Place
) -> None:
    admin.execute("LISTEN stonepine_manifest")
    commit_manifest(connection, store, key, manifest(7), expected_version=0, **place)
    (notice,) = admin.notifies(timeout=5, stop_after=1)
    assert notice.payload == f"{place['index_id']} {place['namespace_id']}"


def test_every_flipped_bit_and_truncation_is_noticed(
    connection: Connection, store: LocalObjectStore, key: DataKey, place: Place
) -> None:
    commit_manifest(connection, store, key, manifest(7), expected_version=0, **place)
    path = manifest_path(place["index_id"], place["namespace_id"], 1)
    sealed = store.get(path)
    for position in range(0, 8 * len(sealed), 7):
        damaged = bytearray(sealed)
        damaged[position // 8] ^= 1 << position % 8
        store.put(path, [bytes(damaged)])
        with pytest.raises(DataLoss):
            read_manifest(store, key, 1, **place)
    for length in range(0, len(sealed), 11):
        store.put(path, [sealed[:length]])
        with pytest.raises(DataLoss):
            read_manifest(store, key, 1, **place)


def test_a_manifest_of_another_version_or_namespace_is_refused(
    connection: Connection, store: LocalObjectStore, key: DataKey, place: Place
) -> None:
    commit_manifest(connection, store, key, manifest(7), expected_version=0, **place)
    sealed = store.get(manifest_path(place["index_id"], place["namespace_id"], 1))
    store.put(manifest_path(place["index_id"], place["namespace_id"], 2), [sealed])
    with pytest.raises(DataLoss):
        read_manifest(store, key, 2, **place)
    other = {**place, "namespace_id": new_id()}
    store.put(manifest_path(other["index_id"], other["namespace_id"], 1), [sealed])
    with pytest.raises(DataLoss):
        read_manifest(store, key, 1, **other)


def test_a_missing_manifest_is_not_found(
    store: LocalObjectStore, key: DataKey, place: Place
) -> None:
    with pytest.raises(NotFound):
        read_manifest(store, key, 5, **place)
