"""The verbs around backups, prepared for the tests that walk all verbs."""

from collections.abc import Callable
from typing import Any

from access.actor import OPERATOR, Actor
from indexes.backup_models import Backup, BackupStatus, RestoreJob
from indexes.backups import create_backup, delete_backup
from indexes.restores import cancel_restore_job, create_index_from_backup
from orgs.tenancy import tenant
from tests.support.world import World

Case = Callable[[World], Callable[[Actor], Any]]


def _ready(world: World) -> Backup:
    backup = create_backup(OPERATOR, world.index())
    with tenant(backup.organization_id):
        Backup.objects.filter(pk=backup.pk).update(status=BackupStatus.READY)
    return backup


def _creation(world: World) -> Callable[[Actor], Any]:
    index = world.index()
    return lambda actor: create_backup(actor, index, name="nightly")


def _deletion(world: World) -> Callable[[Actor], Any]:
    backup = _ready(world)
    return lambda actor: delete_backup(actor, backup)


def _restore(world: World) -> Callable[[Actor], Any]:
    backup = _ready(world)
    return lambda actor: create_index_from_backup(actor, backup, name="again")


def _cancellation(world: World) -> Callable[[Actor], Any]:
    job: RestoreJob = _restore(world)(OPERATOR)
    return lambda actor: cancel_restore_job(actor, job)


BACKUP_CASES: dict[str, Case] = {
    "indexes.backups.create_backup": _creation,
    "indexes.backups.delete_backup": _deletion,
    "indexes.restores.cancel_restore_job": _cancellation,
    "indexes.restores.create_index_from_backup": _restore,
}
