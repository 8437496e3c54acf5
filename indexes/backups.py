"""Backups of an index: asking for one, and deleting it. Workers take them."""

from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

from access.actor import Actor
from access.decide import require
from access.permissions import Permission
from audit.actions import Action
from audit.record import record
from indexes.backup_models import UNFINISHED, Backup, BackupStatus, RestoreJob
from indexes.job_lines import note_asked
from indexes.models import Index, IndexState
from indexes.queries import live_indexes
from indexes.schedule import back_up_soon
from kit.errors import FailedPrecondition, InvalidArgument, NotFound
from orgs.plans import Feature
from orgs.verbs import verb
from projects.encryption_keys import require_usable
from projects.models import Project
from projects.projects import locked_project

_MAX_NAME, _MAX_DESCRIPTION = 80, 256


@dataclass(frozen=True, slots=True)
class ScheduledRun:
    """The run of a schedule that a backup is for, and until when it is kept."""

    schedule_id: UUID
    scheduled_for: datetime
    expires_at: datetime


@verb(Action.BACKUP_CREATED)
def create_backup(
    actor: Actor,
    index: Index,
    *,
    name: str = "",
    description: str = "",
    run: ScheduledRun | None = None,
) -> Backup:
    """Wish for a backup. It is `Initializing` until a worker has taken it, at one moment of then.

    The index is neither locked nor slowed; it cannot be deleted before.
    """
    require(actor, Permission.INDEX_UPDATE, index.scope)
    project = locked_project(index.project_id)
    index = locked_live(project, index)
    require_usable(project)
    project.organization.require_feature(Feature.BACKUPS)
    rows = Backup.objects.filter(project=project, collection_name="")
    existing = rows.exclude(status=BackupStatus.FAILED).count()
    project.organization.require_room("backups_per_project", existing)
    made = backup_of(index, run)
    made.name = _checked_text(name, "name", _MAX_NAME)
    made.description = _checked_text(description, "description", _MAX_DESCRIPTION)
    made.save(force_insert=True)
    told = {} if run is None else {"schedule_id": str(run.schedule_id)}
    target = made.audit_target()
    record(actor, Action.BACKUP_CREATED, target=target, index_id=str(index.pk), **told)
    asked = "The backup was asked for." if run is None else "A schedule asked for the backup."
    note_asked(actor, made.organization_id, made.pk, asked)
    back_up_soon(made.pk)
    return made


def backup_of(index: Index, run: ScheduledRun | None = None) -> Backup:
    """A row about the index as it is now, not yet saved."""
    return Backup(
        organization_id=index.organization_id,
        project_id=index.project_id,
        source_index_id=index.pk,
        source_index_name=index.name,
        dimension=index.dimension,
        metric=index.metric,
        vector_type=index.vector_type,
        spec=index.spec,
        schema=index.schema,
        tags=index.tags,
        **({} if run is None else asdict(run)),
    )


@verb(Action.BACKUP_DELETED)
def delete_backup(actor: Actor, backup: Backup, *, reason: str = "") -> None:
    """Delete a backup for ever; workers clear its objects away. Not while it is restored."""
    require(actor, Permission.INDEX_DELETE, backup.scope)
    delete_locked(backup)
    told = {"reason": reason} if reason else {}
    record(actor, Action.BACKUP_DELETED, target=backup.audit_target(), **told)


def delete_locked(backup: Backup) -> None:
    """Delete the row unless a restore needs it; part of a verb, which records it."""
    locked = Backup.objects.select_for_update(of=("self",)).filter(pk=backup.pk).first()
    if locked is None:
        raise NotFound(f"Resource {backup.collection_name or backup.pk} not found")
    if RestoreJob.objects.filter(backup_id=backup.pk, status__in=UNFINISHED).exists():
        raise FailedPrecondition(
            "A restore job still reads this backup: wait until it is done, or cancel it."
        )
    locked.delete()


def locked_live(project: Project, index: Index) -> Index:
    """Held against its deletion until the verb ends."""
    rows = live_indexes(project).select_for_update(of=("self",), no_key=True)
    found = rows.filter(pk=index.pk).first()
    if found is None:
        raise NotFound(f"Resource {index.name} not found")
    is_filling = RestoreJob.objects.filter(target_index_id=found.pk, status__in=UNFINISHED)
    if found.state == IndexState.INITIALIZATION_FAILED or is_filling.exists():
        raise FailedPrecondition(f"The index is {found.state}: there is nothing to back up yet.")
    return found


def _checked_text(text: str, field: str, limit: int) -> str:
    if len(text) > limit or not (text.isprintable() or not text):
        raise InvalidArgument(f"{field} has at most {limit} printable characters.", field=field)
    return text
