"""Backups of an index: asking for one, and deleting it. Workers take them."""

from access.actor import Actor
from access.decide import require
from access.permissions import Permission
from audit.actions import Action
from audit.record import record
from indexes.backup_models import UNFINISHED, Backup, RestoreJob
from indexes.models import Index, IndexState
from indexes.queries import live_indexes
from indexes.schedule import back_up_soon
from kit.errors import FailedPrecondition, InvalidArgument, NotFound
from orgs.plans import Feature
from orgs.verbs import verb
from projects.models import Project
from projects.projects import locked_project

_MAX_NAME, _MAX_DESCRIPTION = 80, 256


@verb(Action.BACKUP_CREATED)
def create_backup(actor: Actor, index: Index, *, name: str = "", description: str = "") -> Backup:
    """Wish for a backup. It is `Initializing` until a worker has taken it, at one moment of then.

    The index is neither locked nor slowed; it cannot be deleted before.
    """
    require(actor, Permission.INDEX_UPDATE, index.scope)
    project = locked_project(index.project_id)
    index = _locked_live(project, index)
    project.organization.require_feature(Feature.BACKUPS)
    existing = Backup.objects.filter(project=project).count()
    project.organization.require_room("backups_per_project", existing)
    made = Backup(
        organization=project.organization,
        project=project,
        name=_checked_text(name, "name", _MAX_NAME),
        description=_checked_text(description, "description", _MAX_DESCRIPTION),
        source_index_id=index.pk,
        source_index_name=index.name,
        dimension=index.dimension,
        metric=index.metric,
        vector_type=index.vector_type,
        spec=index.spec,
        schema=index.schema,
        tags=index.tags,
    )
    made.save(force_insert=True)
    record(actor, Action.BACKUP_CREATED, target=made.audit_target(), index_id=str(index.pk))
    back_up_soon(made.pk)
    return made


@verb(Action.BACKUP_DELETED)
def delete_backup(actor: Actor, backup: Backup) -> None:
    """Delete a backup for ever; workers clear its objects away. Not while it is restored."""
    require(actor, Permission.INDEX_DELETE, backup.scope)
    locked = Backup.objects.select_for_update(of=("self",)).filter(pk=backup.pk).first()
    if locked is None:
        raise NotFound(f"Resource {backup.pk} not found")
    if RestoreJob.objects.filter(backup_id=backup.pk, status__in=UNFINISHED).exists():
        raise FailedPrecondition(
            "A restore job still reads this backup: wait until it is done, or cancel it."
        )
    record(actor, Action.BACKUP_DELETED, target=backup.audit_target())
    locked.delete()


def _locked_live(project: Project, index: Index) -> Index:
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
