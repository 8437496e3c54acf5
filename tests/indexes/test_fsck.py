"""What `stonepine fsck` finds: nothing in a sound installation, and each damage by its object."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest

from access.actor import OPERATOR
from indexes.backup_models import Backup
from indexes.deployment.archive import archive_log
from indexes.deployment.examination import examine
from indexes.lifecycle import delete_index
from indexes.models import Index
from indexes.restores import create_index_from_backup
from keyring.local import LocalKeyring
from kit.environment import environment
from kit.errors import NotFound
from kit.ids import new_id
from orgs.tenancy import tenant
from projects.models import DataKey
from storage.archive import rows
from storage.database import Connection
from storage.fsck.damage import Part
from storage.fsck.installation import Report
from storage.objects import open_object_store
from storage.write_log import log
from tests.indexes.busy_hour import BusyHour
from tests.indexes.test_backups import backed_up, build_segment, filled, restored, sweep
from tests.indexes.test_segments import write_batches
from tests.support.world import World


def looked(only: UUID | None = None) -> Report:
    return examine(only=only, progress=lambda _told: None)


def found(only: UUID | None = None) -> set[tuple[Part, str]]:
    """(kind, subject) of each damage."""
    return {(one.part, one.subject) for one in looked(only).findings}


def rich(world: World, control: Connection) -> tuple[Index, Backup]:
    """Two segments, a log, an archived log, a base, a backup whose log is not empty."""
    index = filled(world)
    archive_log()
    rows.keep_bases(control, 0)
    build_segment(index)
    write_batches(index, 1, after=3)
    archive_log()
    return index, backed_up(index)


def paths(root: str) -> list[str]:
    return list(open_object_store(environment().object_store_url).list(root))


def flip(path: str) -> None:
    store = open_object_store(environment().object_store_url)
    sealed = bytearray(store.get(path))
    sealed[len(sealed) // 2] ^= 1
    store.put(path, [bytes(sealed)])


def test_what_is_whole_is_found_sound(world: World, control: Connection) -> None:
    index, backup = rich(world, control)
    restored(backup)
    with_dropped = filled_and_dropped(world, control)
    report = looked(index.pk)
    assert list(report.findings) == []
    counts = report.counts
    assert (counts.indexes, counts.namespaces, counts.backups) == (1, 1, 1)
    assert (counts.segments, counts.batches, counts.archived) == (2, 4, 2)
    assert found(with_dropped.pk) == set()
    log.trim(control, 0)
    assert found(index.pk) == found(with_dropped.pk) == set()


def test_what_a_sweep_has_left_is_sound_and_nothing_of_it_may_go(world: World) -> None:
    hour = BusyHour(world.index(), 20261126, steps=120)
    archive_log()
    before = paths(f"indexes/{hour.index.pk}/")
    sweep(at_s=(hour.start + timedelta(minutes=30)).timestamp())
    swept = [one for one in paths(f"indexes/{hour.index.pk}/") if "/log/" in one]
    assert len(swept) < sum("/log/" in one for one in before)
    assert found(hour.index.pk) == set()
    store = open_object_store(environment().object_store_url)
    kept = store.get(swept[0])
    store.delete(swept[0])
    assert found(hour.index.pk) == {(Part.ARCHIVE, swept[0].rpartition("/")[0] + "/")}
    store.put(swept[0], [kept])


def filled_and_dropped(world: World, control: Connection) -> Index:
    index = world.index("gone")
    write_batches(index, 3)
    archive_log()
    [namespace] = log.namespaces(control, index.pk)
    epoch = log.lease_epoch(control, index.pk)
    log.drop_namespace(control, index.pk, namespace.namespace_id, epoch=epoch)
    archive_log()
    return index


def test_every_object_of_an_index_is_named_when_it_is_damaged(
    world: World, control: Connection
) -> None:
    index, backup = rich(world, control)
    kinds = {
        "/segments/": Part.SEGMENT, "/manifests/": Part.MANIFEST, "/log/": Part.ARCHIVE,
        "/life/": Part.ARCHIVE,
    }  # fmt: skip
    everything = [*paths(f"indexes/{index.pk}/"), *paths(f"backups/{backup.pk}/")]
    assert len(everything) == 2 + 2 + 2 + 1 + 1
    store = open_object_store(environment().object_store_url)
    for path in everything:
        whole = store.get(path)
        is_backup = path.startswith("backups/")
        part = Part.BACKUP if is_backup else next(kinds[one] for one in kinds if one in path)
        flip(path)
        assert (part, path) in found(index.pk)
        store.delete(path)
        named = {subject for _, subject in found(index.pk)}
        assert path in named or path.rpartition("/")[0] + "/" in named
        store.put(path, [whole])
    assert found(index.pk) == set()


Change = Callable[[Connection, UUID], str]


def changed_batch(control: Connection, index_id: UUID) -> str:
    row = control.execute(
        """UPDATE log_batch SET sealed = set_byte(sealed, 40, get_byte(sealed, 40) # 1)
           WHERE index_id = %s AND lsn = 4 RETURNING namespace_id""",
        [index_id],
    ).fetchone()
    assert row is not None
    return f"log_batch {index_id}/{row[0]}/4"


def missing_batch(control: Connection, index_id: UUID) -> str:
    row = control.execute(
        "DELETE FROM log_batch WHERE index_id = %s AND lsn = 4 RETURNING namespace_id", [index_id]
    ).fetchone()
    assert row is not None
    return f"log_batch {index_id}/{row[0]}/4"


def older_manifest(control: Connection, index_id: UUID) -> str:
    row = control.execute(
        """UPDATE log_namespace SET manifest_version = 1 WHERE index_id = %s
           RETURNING namespace_id""",
        [index_id],
    ).fetchone()
    assert row is not None
    return f"indexes/{index_id}/{row[0]}/manifests/{1:020d}"


def another_time(control: Connection, index_id: UUID) -> str:
    row = control.execute(
        """UPDATE log_batch SET committed_at = committed_at - interval '1 day'
           WHERE index_id = %s AND lsn = 4 RETURNING namespace_id""",
        [index_id],
    ).fetchone()
    assert row is not None
    return f"log_batch {index_id}/{row[0]}/4"


def another_name(control: Connection, index_id: UUID) -> str:
    row = control.execute(
        """UPDATE log_namespace SET name_sealed = set_byte(name_sealed, 40, 7)
           WHERE index_id = %s RETURNING namespace_id""",
        [index_id],
    ).fetchone()
    assert row is not None
    return f"log_namespace {index_id}/{row[0]}"


@pytest.mark.parametrize(
    "change", [changed_batch, missing_batch, older_manifest, another_time, another_name]
)
def test_a_changed_row_is_named(world: World, control: Connection, change: Change) -> None:
    index, _ = rich(world, control)
    subject = change(control, index.pk)
    assert subject in {one for _, one in found(index.pk)}


def test_a_namespace_whose_row_is_gone_is_named(world: World, control: Connection) -> None:
    index, _ = rich(world, control)
    [namespace] = log.namespaces(control, index.pk)
    control.execute("DELETE FROM log_namespace WHERE index_id = %s", [index.pk])
    lost = (Part.NAMESPACE, f"log_namespace {index.pk}/{namespace.namespace_id}")
    assert lost in found()
    control.execute("DELETE FROM log_batch WHERE index_id = %s", [index.pk])
    assert lost in found()
    delete_index(OPERATOR, index)
    assert lost not in found()


def test_a_backup_that_nothing_keeps_is_named(world: World, control: Connection) -> None:
    index, backup = rich(world, control)
    [namespace] = log.namespaces(control, index.pk)
    control.execute("DELETE FROM log_pin WHERE backup_id = %s", [backup.pk])
    assert found(index.pk) == {(Part.PIN, f"log_pin {backup.pk}/{namespace.namespace_id}")}


def test_a_backup_in_anothers_place_or_of_another_moment_is_named(
    world: World, control: Connection
) -> None:
    index, backup = rich(world, control)
    content = f"backups/{backup.pk}/content"
    Backup.objects.using("system").filter(pk=backup.pk).update(record_count=7)
    assert found(index.pk) == {(Part.BACKUP, content)}
    other = backed_up(index)
    store = open_object_store(environment().object_store_url)
    store.put(content, [store.get(f"backups/{other.pk}/content")])
    assert found(index.pk) == {(Part.BACKUP, content)}


def replace_key(row: DataKey, wrapped: bytes) -> None:
    with tenant(row.organization_id):
        DataKey.objects.filter(pk=row.pk).update(wrapped=wrapped)


def test_a_key_that_does_not_open_is_named(world: World, control: Connection) -> None:
    rich(world, control)
    row = DataKey.objects.using("system").filter(project=world.project)[0]
    sealed = bytearray(row.wrapped)
    sealed[-1] ^= 1
    replace_key(row, bytes(sealed))
    damage = (Part.KEY, f"projects_datakey {world.project.pk}/1")
    assert damage in found()
    replace_key(row, bytes(row.wrapped))
    assert damage not in found()
    file = environment().keyring_dir / "projects" / f"{world.project.pk}.key"
    kept = file.read_bytes()
    try:
        file.write_bytes(kept[:-1])
        assert damage in found()
    finally:
        file.write_bytes(kept)
    LocalKeyring(environment().keyring_dir).check()


def test_an_index_that_is_being_filled_is_not_taken_for_lost(
    world: World, control: Connection
) -> None:
    _, backup = rich(world, control)
    job = create_index_from_backup(OPERATOR, backup, name="again")
    store = open_object_store(environment().object_store_url)
    path = f"indexes/{job.target_index_id}/{new_id()}/life/created"
    store.put(path, [b"sealed"])
    assert found() == set()
    store.delete(path)


def test_what_does_not_exist_cannot_be_examined(world: World) -> None:
    with pytest.raises(NotFound):
        looked(new_id())
