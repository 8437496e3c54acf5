"""Objects are sealed anew under the next version of a key, each in its own place."""

import pytest

from keyring.envelope import DataKey
from kit.errors import DataLoss
from kit.ids import new_id
from storage.archive import form as archive
from storage.backups import form as backups
from storage.backups.tail import SealedBatch, framed, read_tail
from storage.manifests import Manifest, put_manifest, read_manifest
from storage.rekeying.objects import (
    reseal_backup_object,
    reseal_object,
    versions_of_backup,
    versions_of_index,
)
from storage.segments import SegmentName, SegmentReader, write_segment
from storage.write_log.batches import seal_batch
from storage.write_log.names import new_namespace, open_name, open_schema
from storage.write_log.operations import DeleteOperation, operation_code
from tests.storage.test_segments import COLUMNS
from tests.support.memory_objects import MemoryObjectStore

PROJECT, INDEX, NAMESPACE, BACKUP, SEGMENT = (new_id() for _ in range(5))
OLD = DataKey(PROJECT, 1, b"\x01" * 32)
NEW = DataKey(PROJECT, 2, b"\x02" * 32, find={1: OLD}.get)
ONLY_NEW = DataKey(PROJECT, 2, NEW.secret)
PLACE = (INDEX, NAMESPACE)
OPERATION = DeleteOperation(["a"])
CODE = int(operation_code(OPERATION))


def batch(key: DataKey, lsn: int) -> bytes:
    return seal_batch(key, OPERATION, index_id=INDEX, namespace_id=NAMESPACE, lsn=lsn)


def namespace_part(key: DataKey) -> backups.NamespacePart:
    row = new_namespace(key, INDEX, NAMESPACE, "films", schema=b"{}")
    return backups.NamespacePart(NAMESPACE, row.name_sealed, row.schema_sealed, 1, 1, 3)


@pytest.fixture
def store() -> MemoryObjectStore:
    """Everything that an index and its backup leave, under version 1."""
    store, part = MemoryObjectStore(), namespace_part(OLD)
    write_segment(store, OLD, SegmentName(*PLACE, SEGMENT), COLUMNS)
    put_manifest(store, OLD, Manifest(1, lsn=1), PLACE)
    archive.write_stretch(store, OLD, PLACE, [archived(OLD, 1), archived(OLD, 2)])
    created = archive.Created(part.name_sealed, part.schema_sealed, 1, 0, 1)
    archive.write_created(store, OLD, PLACE, created)
    archive.write_dropped(store, OLD, PLACE, archive.Dropped(5, 2))
    content = backups.BackupContent(INDEX, 2, 1.0, 1, (part,))
    backups.write_content(store, OLD, BACKUP, content)
    write_tail(store, OLD, OLD)
    return store


def archived(key: DataKey, lsn: int) -> archive.ArchivedBatch:
    return archive.ArchivedBatch(lsn, CODE, batch(key, lsn), lsn)


def write_tail(store: MemoryObjectStore, key: DataKey, *of: DataKey) -> None:
    batches = [SealedBatch(lsn, CODE, batch(of[lsn % len(of)], lsn)) for lsn in (2, 3)]
    frames = framed(key, batches, index_id=INDEX, namespace_id=NAMESPACE)
    store.put(backups.tail_path(BACKUP, NAMESPACE), frames)


def versions(store: MemoryObjectStore) -> set[int]:
    found = [*versions_of_index(store, INDEX), *versions_of_backup(store, BACKUP)]
    assert len(found) == len(store.objects) == 7
    return {version for _, version in found}


def reseal(store: MemoryObjectStore, *, count: int = 7) -> None:
    for path in sorted(store.objects)[:count]:
        if path.startswith("indexes/"):
            reseal_object(store, NEW, path)
        else:
            reseal_backup_object(store, NEW, path, index_id=INDEX)


def read_everything(store: MemoryObjectStore, key: DataKey) -> list[object]:
    content = backups.read_content(store, key, BACKUP, index_id=INDEX)
    (part,) = content.namespaces
    (stretch,) = archive.stretches(store, PLACE)
    created = archive.read_created(store, key, PLACE)
    return [
        SegmentReader(store, key, SegmentName(*PLACE, SEGMENT)).read_ids(),
        read_manifest(store, key, 1, index_id=INDEX, namespace_id=NAMESPACE).lsn,
        [one.lsn for one in archive.read_stretch(store, key, PLACE, stretch)],
        named(key, created.name_sealed, created.schema_sealed),
        archive.read_dropped(store, key, PLACE),
        named(key, part.name_sealed, part.schema_sealed),
        [lsn for lsn, _ in read_tail(store, key, BACKUP, part, index_id=INDEX)],
    ]


def named(key: DataKey, name: bytes, schema: bytes | None) -> tuple[str, bytes | None]:
    return open_name(key, name, *PLACE), open_schema(key, schema, *PLACE)


def test_everything_is_under_the_new_version_and_opens_without_the_old_one(
    store: MemoryObjectStore,
) -> None:
    before = read_everything(store, OLD)
    assert versions(store) == {1}
    with pytest.raises(DataLoss):
        read_everything(store, ONLY_NEW)
    reseal(store)
    assert versions(store) == {2}
    assert read_everything(store, ONLY_NEW) == before
    with pytest.raises(DataLoss):
        read_everything(store, OLD)


def test_between_two_versions_everything_reads_as_before(store: MemoryObjectStore) -> None:
    before = read_everything(store, OLD)
    for count in range(8):
        reseal(store, count=count)
        assert read_everything(store, NEW) == before, count


def test_sealing_anew_twice_changes_nothing_more(store: MemoryObjectStore) -> None:
    reseal(store)
    before = read_everything(store, ONLY_NEW)
    reseal(store)
    assert versions(store) == {2}
    assert read_everything(store, ONLY_NEW) == before


def test_what_is_made_of_batches_of_two_versions_is_under_one(store: MemoryObjectStore) -> None:
    write_tail(store, NEW, OLD, NEW)
    archive.write_stretch(store, NEW, PLACE, [archived(OLD, 1), archived(NEW, 2)])
    reseal(store)
    assert read_everything(store, ONLY_NEW)


def test_an_object_that_does_not_open_stays_as_it_is(store: MemoryObjectStore) -> None:
    (path,) = (one for one in store.objects if "/manifests/" in one)
    store.objects[path] = store.objects[path][:-1] + b"\0"
    before = store.objects[path]
    with pytest.raises(DataLoss):
        reseal_object(store, NEW, path)
    assert store.objects[path] == before
