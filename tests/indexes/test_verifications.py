"""Verified backups: the answer for sound ones, damaged ones, and ones that cannot be looked at."""

from pathlib import Path
from uuid import UUID

import pytest

from access.actor import OPERATOR
from dataplane.builder.digest import index_digest
from dataplane.builder.verification import Verification, Verified
from indexes.backup_models import Backup
from indexes.backups import delete_backup
from indexes.deployment.garbage import collect_objects
from indexes.deployment.verifications import MAX_ATTEMPTS, scratch_places, verify_what_is_due
from indexes.lifecycle import delete_index
from indexes.models import Index
from indexes.verification_models import BackupVerification
from indexes.verifications import verifications_of, verify_backup
from kit.environment import environment
from kit.errors import FailedPrecondition, PermissionDenied
from kit.ids import new_id
from projects.keys import newest_data_key
from storage.backups.form import content_path
from storage.database import Connection
from storage.objects import open_object_store
from tests.indexes.test_backups import backed_up, filled, fresh, logged
from tests.support.digests import namespaces_of
from tests.support.world import World


def answer(backup: Backup) -> BackupVerification:
    verify_backup(OPERATOR, backup)
    assert verify_what_is_due() == 1
    return verifications_of(OPERATOR, backup)[0]


def seen_at_once(control: Connection, backup: Backup) -> Verified:
    """What a child would find, without one."""
    return Verification(
        connection=control,
        store=open_object_store(environment().object_store_url),
        key=newest_data_key(backup.project_id, using="system"),
        backup_id=backup.pk,
        source_id=backup.source_index_id,
        scratch_id=new_id(),
        progress=lambda _percent: None,
    ).verify()


def objects() -> set[str]:
    return set(open_object_store(environment().object_store_url).list("indexes/"))


def damage(path: str) -> None:
    store = open_object_store(environment().object_store_url)
    sealed = bytearray(store.get(path))
    sealed[len(sealed) // 2] ^= 1
    store.put(path, [bytes(sealed)])


def test_a_sound_backup_passes_and_says_so_whoever_it_belongs_to(
    world: World, control: Connection
) -> None:
    ours = filled(world)
    theirs = world.index("filme", project=world.their_project)
    expected = index_digest(namespaces_of(ours))
    backups = [backed_up(one) for one in (ours, theirs)]
    before = objects()
    jobs = [verify_backup(OPERATOR, one) for one in backups]
    assert set(scratch_places()) == {job.pk for job in jobs}
    assert verify_what_is_due() == 2
    for backup in backups:
        (found,) = verifications_of(OPERATOR, backup)
        assert (found.status, found.finding, found.percent_complete) == ("Passed", "", 100)
        assert (fresh(backup).verification, fresh(backup).verified_at) == (
            "Passed",
            found.finished_at,
        )
    assert verifications_of(OPERATOR, backups[0])[0].digest == expected
    assert objects() == before
    assert scratch_places() == []
    for table in ("log_namespace", "log_batch"):
        rows = control.execute(f"SELECT DISTINCT index_id FROM {table}").fetchall()  # noqa: S608
        assert {row[0] for row in rows} <= {ours.pk, theirs.pk}


def test_a_backup_passes_when_its_index_has_gone(world: World, control: Connection) -> None:
    index = filled(world)
    backup = backed_up(index)
    expected = index_digest(namespaces_of(index))
    delete_index(OPERATOR, index)
    Index.objects.using("system").filter(pk=index.pk).delete()
    assert seen_at_once(control, backup) == Verified(expected)


@pytest.mark.parametrize("part", ["content", "log/", "segments/"])
def test_a_damaged_or_missing_part_is_found(world: World, control: Connection, part: str) -> None:
    index = filled(world)
    backup = backed_up(index)
    store = open_object_store(environment().object_store_url)
    roots = [f"backups/{backup.pk}/", f"indexes/{index.pk}/"]
    (path,) = (one for root in roots for one in store.list(root) if part in one)
    damage(path)
    before = objects()
    assert seen_at_once(control, backup).damage
    store.delete(path)
    assert seen_at_once(control, backup).damage
    assert objects() == before - {path}


def test_a_backup_that_was_found_damaged_says_so(world: World) -> None:
    backup = backed_up(logged(world))
    damage(content_path(backup.pk))
    found = answer(backup)
    assert (found.status, found.digest) == ("Damaged", "")
    assert found.finding
    assert fresh(backup).verification == "Damaged"


def test_without_a_key_there_is_no_answer(world: World, installation: Path) -> None:
    backup = backed_up(world.index())
    keys = installation / "keyring"
    keys.rename(installation / "elsewhere")
    try:
        verify_backup(OPERATOR, backup)
        assert verify_what_is_due() == MAX_ATTEMPTS
    finally:
        (installation / "elsewhere").rename(keys)
    (found,) = verifications_of(OPERATOR, backup)
    assert found.status == "Failed"
    assert found.finding
    assert fresh(backup).verified_at is None


def test_one_look_at_a_time_and_none_at_what_is_not_there(world: World) -> None:
    index = filled(world)
    backup = backed_up(index)
    verify_backup(OPERATOR, backup)
    with pytest.raises(FailedPrecondition, match="under way"):
        verify_backup(OPERATOR, backup)
    with pytest.raises(PermissionDenied):
        verify_backup(world.vera, backup)
    delete_backup(OPERATOR, backup)
    assert verify_what_is_due() == 0


def test_the_sweep_spares_a_scratch_place_until_there_is_an_answer(world: World) -> None:
    backup = backed_up(logged(world))
    job = verify_backup(OPERATOR, backup)
    planted = f"indexes/{job.pk}/{new_id()}/segments/{UUID(int=1)}"
    open_object_store(environment().object_store_url).put(planted, [b"sealed"])
    collect_objects()
    assert planted in objects()
    delete_backup(OPERATOR, backup)
    collect_objects()
    assert planted not in objects()
