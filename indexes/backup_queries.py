"""Reads of backups and restore jobs."""

from uuid import UUID

from django.db.models import OuterRef, QuerySet, Subquery

from access.actor import Actor
from access.decide import require
from access.permissions import Permission
from indexes.backup_models import UNFINISHED, Backup, RestoreJob
from indexes.models import Index
from kit.errors import NotFound
from kit.pagination import Page, page_of
from orgs.tenancy import tenant
from projects.models import Project


def visible_backups(
    actor: Actor,
    project: Project,
    *,
    limit: int,
    after: UUID | None = None,
    index: Index | None = None,
    index_name: str = "",
) -> Page[Backup]:
    """The newest first: of the project, of one index, or of all that ever had the name. Beyond
    reach is not listed."""
    require(actor, Permission.INDEX_READ, project.scope if index is None else index.scope)
    with tenant(project.organization_id):
        rows = _backups(project)
        if index is not None:
            rows = rows.filter(source_index_id=index.pk)
        if index_name:
            rows = rows.filter(source_index_name=index_name)
        if actor.reach.index_ids:
            rows = rows.filter(source_index_id__in=actor.reach.index_ids)
        if after is not None:
            rows = rows.filter(pk__lt=after)
        return page_of(list(rows.order_by("-pk")[: limit + 1]), limit)


def get_backup(actor: Actor, project: Project, backup_id: str) -> Backup:
    """One of the project, by its id; what lies elsewhere or beyond reach is not found."""
    require(actor, Permission.INDEX_READ, project.scope)
    try:
        wanted = UUID(backup_id)
    except ValueError:
        raise NotFound(f"Resource {backup_id[:80]} not found") from None
    with tenant(project.organization_id):
        found = _backups(project).filter(pk=wanted).first()
    if found is None or not actor.reach.has_index(found.source_index_id):
        raise NotFound(f"Resource {backup_id[:80]} not found")
    return found


def visible_restore_jobs(
    actor: Actor, project: Project, *, limit: int, after: UUID | None = None
) -> Page[RestoreJob]:
    """The newest first, each with when its backup was taken as `backed_up_at`; those into indexes
    beyond reach are not listed."""
    require(actor, Permission.INDEX_READ, project.scope)
    taken = Backup.objects.filter(pk=OuterRef("backup_id")).values("created_at")[:1]
    with tenant(project.organization_id):
        rows = RestoreJob.objects.filter(project=project).select_related("organization")
        rows = rows.annotate(backed_up_at=Subquery(taken))
        if actor.reach.index_ids:
            rows = rows.filter(target_index_id__in=actor.reach.index_ids)
        if after is not None:
            rows = rows.filter(pk__lt=after)
        return page_of(list(rows.order_by("-pk")[: limit + 1]), limit)


def get_restore_job(actor: Actor, project: Project, job_id: str) -> RestoreJob:
    """One of the project, by its id."""
    require(actor, Permission.INDEX_READ, project.scope)
    try:
        wanted = UUID(job_id)
    except ValueError:
        raise NotFound(f"Resource {job_id[:80]} not found") from None
    with tenant(project.organization_id):
        rows = RestoreJob.objects.filter(project=project).select_related("organization")
        found = rows.filter(pk=wanted).first()
    if found is None or not actor.reach.has_index(found.target_index_id):
        raise NotFound(f"Resource {job_id[:80]} not found")
    return found


def backups_of(actor: Actor, index_id: UUID) -> list[Backup]:
    """All backups of an index of whatever organization, for the operator. Crosses tenants."""
    rows = Backup.objects.using("system").filter(source_index_id=index_id)
    found = list(rows.order_by("-pk"))
    for one in found:
        require(actor, Permission.INDEX_READ, one.scope)
    return found


def backup_by_id(actor: Actor, backup_id: UUID) -> Backup:
    """A backup of whatever organization, for the operator. Crosses tenants."""
    rows = Backup.objects.using("system").select_related("project__organization")
    found = rows.filter(pk=backup_id).first()
    if found is None:
        raise NotFound(f"There is no backup {backup_id}.")
    require(actor, Permission.INDEX_READ, found.scope)
    return found


def is_being_filled(index_id: UUID) -> bool:
    """Whether a restore job works on the index, which must not serve before. Crosses tenants."""
    rows = RestoreJob.objects.using("system").filter(target_index_id=index_id)
    return rows.filter(status__in=UNFINISHED).exists()


def _backups(project: Project) -> "QuerySet[Backup]":
    """Without collections, which have queries of their own."""
    rows = Backup.objects.filter(project=project, collection_name="")
    return rows.select_related("organization")
