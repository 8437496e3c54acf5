"""The verbs around backups, prepared for the tests that walk all verbs."""

from collections.abc import Callable
from typing import Any

from access.actor import OPERATOR, Actor
from indexes.backup_models import Backup, BackupStatus, RestoreJob
from indexes.backup_schedule_models import BackupSchedule
from indexes.backup_schedules import (
    create_backup_schedule,
    delete_backup_schedule,
    update_backup_schedule,
)
from indexes.backups import create_backup, delete_backup
from indexes.collections import (
    create_collection,
    create_index_from_collection,
    delete_collection,
)
from indexes.moments import create_index_from_moment
from indexes.restores import cancel_restore_job, create_index_from_backup
from indexes.verifications import cancel_verification, verify_backup
from kit import clock
from orgs.tenancy import tenant
from tests.support.world import SPEC, World

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


def _schedule(world: World) -> BackupSchedule:
    index = world.index()
    return create_backup_schedule(OPERATOR, index, name="daily", frequency="daily", keep_days=7)


def _schedule_creation(world: World) -> Callable[[Actor], Any]:
    index = world.index()
    return lambda actor: create_backup_schedule(
        actor, index, name="daily", frequency="daily", keep_days=7
    )


def _schedule_update(world: World) -> Callable[[Actor], Any]:
    schedule = _schedule(world)
    return lambda actor: update_backup_schedule(actor, schedule, frequency="weekly", keep_days=30)


def _schedule_deletion(world: World) -> Callable[[Actor], Any]:
    schedule = _schedule(world)
    return lambda actor: delete_backup_schedule(actor, schedule)


def _verification(world: World) -> Callable[[Actor], Any]:
    backup = _ready(world)
    return lambda actor: verify_backup(actor, backup)


def _verification_end(world: World) -> Callable[[Actor], Any]:
    backup = _ready(world)
    verify_backup(OPERATOR, backup)
    return lambda actor: cancel_verification(actor, backup)


def _kept(world: World) -> Backup:
    collection = create_collection(OPERATOR, world.index(), name="kept")
    with tenant(collection.organization_id):
        Backup.objects.filter(pk=collection.pk).update(status=BackupStatus.READY)
    return collection


def _collection(world: World) -> Callable[[Actor], Any]:
    index = world.index()
    return lambda actor: create_collection(actor, index, name="kept")


def _collection_deletion(world: World) -> Callable[[Actor], Any]:
    collection = _kept(world)
    return lambda actor: delete_collection(actor, collection)


def _index_from_collection(world: World) -> Callable[[Actor], Any]:
    _kept(world)
    return lambda actor: create_index_from_collection(
        actor, world.project, source_collection="kept", name="again", spec=SPEC, dimension=4
    )


def _moment(world: World) -> Callable[[Actor], Any]:
    index = world.index()
    return lambda actor: create_index_from_moment(
        actor, index, restore_to=clock.now(), name="again"
    )


BACKUP_CASES: dict[str, Case] = {
    "indexes.backup_schedules.create_backup_schedule": _schedule_creation,
    "indexes.backup_schedules.delete_backup_schedule": _schedule_deletion,
    "indexes.backup_schedules.update_backup_schedule": _schedule_update,
    "indexes.backups.create_backup": _creation,
    "indexes.backups.delete_backup": _deletion,
    "indexes.verifications.cancel_verification": _verification_end,
    "indexes.verifications.verify_backup": _verification,
    "indexes.collections.create_collection": _collection,
    "indexes.collections.create_index_from_collection": _index_from_collection,
    "indexes.collections.delete_collection": _collection_deletion,
    "indexes.moments.create_index_from_moment": _moment,
    "indexes.restores.cancel_restore_job": _cancellation,
    "indexes.restores.create_index_from_backup": _restore,
}
