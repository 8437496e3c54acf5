"""A receipt of a deletion: signed, with the chain that tells of it, honest about what is left."""

from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from access.actor import OPERATOR
from audit.heads import installation_signing_keys
from cli.evidence.bundle import opened
from cli.evidence.collection import collect_receipt, verify_evidence
from cli.evidence.deletion import deletion_receipt
from compliance.retention import set_retention
from indexes.backup_models import Backup
from indexes.backups import create_backup
from indexes.deployment.backup_schedules import delete_expired_backups
from indexes.deployment.backups import forget_deleted_backups, take_backup
from indexes.deployment.own_store import own_store
from indexes.deployment.removal import drop_records, forget
from indexes.lifecycle import delete_index
from indexes.models import Index
from kit import clock
from kit.environment import environment
from kit.errors import FailedPrecondition, NotFound
from kit.ids import new_id
from orgs.organizations import delete_organization
from orgs.tenancy import tenant
from projects.data_keys import rotate_data_key
from projects.models import KeyDestruction, Project
from projects.projects import create_project, delete_project
from storage.database import connect
from tests.indexes.test_backups import build_segment
from tests.indexes.test_segments import write_batches
from tests.support.world import World


def deleted(world: World, *, is_cleared: bool = True) -> Project:
    """A project with an index and two data keys that is no more; records may still lie there."""
    project = create_project(OPERATOR, world.organization, name="Gone")
    index = world.index(project=project)
    write_batches(index, 2)
    build_segment(index)
    rotate_data_key(OPERATOR, project)
    delete_index(OPERATOR, index)
    with tenant(world.organization.pk):
        index = Index.objects.filter(pk=index.pk)[0]
    if is_cleared:
        drop_records(index)
    forget(index)
    delete_project(OPERATOR, project)
    return project


def test_a_receipt_tells_which_keys_went_and_that_nothing_is_left(
    world: World, tmp_path: Path
) -> None:
    project_id = UUID(str(deleted(world).pk))
    file = tmp_path / "receipt.zip"
    collect_receipt(OPERATOR, project_id, file)
    verdict = verify_evidence(file, installation_signing_keys().public_keys())
    assert verdict.is_sound, list(verdict.in_words())
    (chain,) = verdict.chains
    assert chain.organization_id == world.organization.pk
    with opened(file) as bundle:
        told = bundle.document("deletion.json")
    (project,) = told["projects"]
    assert told["is_complete"]
    assert project["destroyed"] == {"data_keys": "1, 2", "wrapping_keys": "1"}
    assert project["left"] == {"wrapping_keys": 0, "data_keys": 0, "objects": 0, "log_rows": 0}

    file.write_bytes(file.read_bytes().replace(b"deletion.json", b"deletion.jsan"))
    assert not verify_evidence(file, installation_signing_keys().public_keys()).is_sound


def test_what_is_still_there_is_told(world: World) -> None:
    project = deleted(world, is_cleared=False)
    told = deletion_receipt(project.pk)
    assert not told["is_complete"]
    (one,) = told["projects"]
    assert one["left"]["objects"] >= 2, "a segment and a manifest"
    assert one["left"]["log_rows"] == 2
    assert one["left"]["wrapping_keys"] == one["left"]["data_keys"] == 0


def test_an_organizations_receipt_covers_its_projects_and_no_others(world: World) -> None:
    theirs = world.their_project
    delete_project(OPERATOR, theirs)
    delete_organization(OPERATOR, world.elsewhere)
    deleted(world)
    told = deletion_receipt(world.elsewhere.pk)
    assert told["kind"] == "organization"
    assert [one["project_id"] for one in told["projects"]] == [str(theirs.pk)]


def test_a_receipt_of_a_backup_tells_why_it_went_and_what_is_left(
    world: World, tmp_path: Path
) -> None:
    index = world.index()
    write_batches(index, 2)
    build_segment(index)
    backup = create_backup(OPERATOR, index, name="old")
    take_backup(backup.pk)
    with pytest.raises(NotFound, match="No deletion"):
        deletion_receipt(backup.pk)
    rows = Backup.objects.using("system").filter(pk=backup.pk)
    rows.update(created_at=clock.now() - timedelta(days=8))
    set_retention(world.alice, world.organization, days={"backups": 7}, is_forced=True)
    delete_expired_backups()
    told = deletion_receipt(backup.pk)
    assert (told["kind"], told["index_remains"], told["is_complete"]) == ("backup", True, False)
    assert told["reason"] == "the organization keeps backups for 7 days"
    assert told["left"]["objects"] >= 1
    assert told["left"]["pins"] == 1

    here = environment()
    with connect(here.database_system_url.get_secret_value(), name="test") as connection:
        forget_deleted_backups(connection, own_store(), before_s=clock.now().timestamp() + 1)
    collect_receipt(OPERATOR, backup.pk, tmp_path / "receipt.zip")
    keys = installation_signing_keys().public_keys()
    assert verify_evidence(tmp_path / "receipt.zip", keys).is_sound
    with opened(tmp_path / "receipt.zip") as bundle:
        told = bundle.document("deletion.json")
    assert told["is_complete"]
    assert told["left"] == {"objects": 0, "pins": 0}


def test_no_receipt_without_a_deletion_nor_while_a_key_waits_for_it(world: World) -> None:
    for unknown in (new_id(), world.project.pk, world.organization.pk):
        with pytest.raises(NotFound, match="No deletion"):
            deletion_receipt(unknown)
    project = deleted(world)
    with tenant(world.organization.pk):
        KeyDestruction.objects.create(project_id=project.pk, organization_id=world.organization.pk)
    with pytest.raises(FailedPrecondition, match="waits for its destruction"):
        deletion_receipt(project.pk)
