"""Restore jobs: making a new index of a backup. It is never visible before it is complete."""

from typing import Any

from access.actor import Actor
from access.decide import require
from access.permissions import Permission
from audit.actions import Action
from audit.record import record
from indexes.backup_models import Backup, BackupStatus, RestoreJob, RestoreStatus
from indexes.job_lines import note_asked
from indexes.lifecycle import new_index
from indexes.models import Index, IndexState
from indexes.schedule import reconcile_soon, restore_soon
from indexes.specification import with_capacity
from indexes.turns import in_turn
from kit import clock
from kit.errors import FailedPrecondition, NotFound
from orgs.dataplane import announce_change
from orgs.verbs import verb


@in_turn(4)
@verb(Action.BACKUP_RESTORED)
def create_index_from_backup(
    actor: Actor,
    backup: Backup,
    *,
    name: str,
    tags: dict[str, str] | None = None,
    is_protected: bool = False,
    read_capacity: dict[str, Any] | None = None,
) -> RestoreJob:
    """Wish for an index like the one that was backed up, with its records of then.

    Tags that are given replace those of then.
    """
    require(actor, Permission.INDEX_CREATE, backup.project.scope)
    job, index = restored_into(
        actor,
        backup,
        name=name,
        spec=with_capacity(backup.spec, read_capacity),
        tags=tags,
        is_protected=is_protected,
    )
    record(actor, Action.BACKUP_RESTORED, target=backup.audit_target(), index_id=str(index.pk))
    return job


def restored_into(
    actor: Actor,
    backup: Backup,
    *,
    name: str,
    spec: dict[str, Any],
    tags: dict[str, str] | None,
    is_protected: bool,
    schema: dict[str, Any] | None = None,
) -> tuple[RestoreJob, Index]:
    """The job, and the index that it fills; part of a verb, which records it."""
    # Held, so that it is not deleted before the job is there.
    rows = Backup.objects.select_for_update(of=("self",), no_key=True)
    locked = rows.select_related("project__organization").filter(pk=backup.pk).first()
    if locked is None:
        raise NotFound(f"Resource {backup.collection_name or backup.pk} not found")
    if locked.status != BackupStatus.READY:
        kind = "collection" if locked.collection_name else "backup"
        raise FailedPrecondition(f"The {kind} is {locked.status}: only a Ready one is restored.")
    index = new_index(
        locked.project,
        name=name,
        spec=spec,
        dimension=locked.dimension,
        metric=locked.metric,
        vector_type=locked.vector_type,
        schema=locked.schema if schema is None else schema,
        tags=locked.tags if tags is None else tags,
        is_protected=is_protected,
    )
    job = new_job(actor, index, source_index_id=locked.source_index_id, backup_id=locked.pk)
    return job, index


def new_job(actor: Actor, target: Index, **source: Any) -> RestoreJob:
    """A job that fills the new index from that source; part of a verb, which records it."""
    job = RestoreJob(
        organization_id=target.organization_id,
        project=target.project,
        target_index_id=target.pk,
        target_index_name=target.name,
        **source,
    )
    job.save(force_insert=True)
    for job_id in (job.pk, target.pk):
        note_asked(
            actor, target.organization_id, job_id, "A restore into a new index was asked for."
        )
    restore_soon(job.pk)
    return job


@verb(Action.RESTORE_CANCELLED)
def cancel_restore_job(actor: Actor, job: RestoreJob) -> RestoreJob:
    """Stop a restore that is not done; the index that it would have made goes. Protection of that
    index does not matter: it never held anything."""
    require(actor, Permission.INDEX_DELETE, job.scope)
    rows = RestoreJob.objects.select_for_update(of=("self",)).select_related("organization")
    locked = rows.filter(pk=job.pk).first()
    if locked is None:
        raise NotFound(f"Resource {job.pk} not found")
    if not locked.is_unfinished:
        raise FailedPrecondition(f"The restore job is {locked.status}: it cannot be cancelled.")
    locked.status, locked.finished_at = RestoreStatus.CANCELLED, clock.now()
    locked.save(update_fields=["status", "finished_at"])
    wanted = Index.objects.filter(pk=locked.target_index_id, state=IndexState.INITIALIZING)
    wanted.update(state=IndexState.TERMINATING, terminating_since=clock.now())
    record(actor, Action.RESTORE_CANCELLED, target=locked.audit_target())
    note_asked(actor, locked.organization_id, locked.pk, "Cancelled.")
    reconcile_soon(locked.target_index_id)
    announce_change()
    return locked
