"""Reads of backup schedules and of what they have had taken."""

from uuid import UUID

from access.actor import Actor
from access.decide import require
from access.permissions import Permission
from indexes.backup_models import Backup
from indexes.backup_schedule_models import BackupSchedule
from indexes.models import Index
from kit.errors import NotFound
from kit.pagination import Page, page_of
from orgs.tenancy import tenant
from projects.models import Project


def visible_backup_schedules(
    actor: Actor, index: Index, *, limit: int, after: UUID | None = None
) -> Page[BackupSchedule]:
    """Those of the index, the newest first, disabled ones too."""
    require(actor, Permission.INDEX_READ, index.scope)
    with tenant(index.organization_id):
        rows = BackupSchedule.objects.filter(index=index).select_related("organization", "index")
        if after is not None:
            rows = rows.filter(pk__lt=after)
        return page_of(list(rows.order_by("-pk")[: limit + 1]), limit)


def get_backup_schedule(actor: Actor, project: Project, schedule_id: str) -> BackupSchedule:
    """One of the project, by its id; what lies elsewhere or beyond reach is not found."""
    require(actor, Permission.INDEX_READ, project.scope)
    try:
        wanted = UUID(schedule_id)
    except ValueError:
        raise NotFound(f"Resource {schedule_id[:80]} not found") from None
    with tenant(project.organization_id):
        rows = BackupSchedule.objects.filter(project=project)
        found = rows.select_related("organization", "index").filter(pk=wanted).first()
    if found is None or not actor.reach.has_index(found.index_id):
        raise NotFound(f"Resource {schedule_id[:80]} not found")
    return found


def visible_schedule_history(
    actor: Actor, schedule: BackupSchedule, *, limit: int, after: UUID | None = None
) -> Page[Backup]:
    """The backups of its runs that are still there, failed ones too, the newest first."""
    require(actor, Permission.INDEX_READ, schedule.scope)
    with tenant(schedule.organization_id):
        rows = Backup.objects.filter(schedule_id=schedule.pk).select_related("organization")
        if after is not None:
            rows = rows.filter(pk__lt=after)
        return page_of(list(rows.order_by("-pk")[: limit + 1]), limit)
