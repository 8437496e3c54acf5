"""Jobs of one project, for who may see its indexes."""

from typing import Any
from uuid import UUID

from django.db.models import Q

from access.actor import Actor
from access.decide import require
from access.permissions import Permission
from audit.actions import Action
from indexes.job_kinds import JobKind, JobState
from indexes.job_lines import JobLine, lines_of
from indexes.job_rows import SOURCES, Job, Source
from indexes.jobs import cancelled, with_owners
from kit.errors import NotFound
from kit.pagination import Page, page_of
from orgs.tenancy import tenant
from orgs.verbs import denials_recorded
from projects.models import Project

# What stopping one takes, and what it is called when somebody may not.
_NEEDED = {
    JobKind.BACKUP: (Permission.INDEX_DELETE, Action.BACKUP_DELETED),
    JobKind.COLLECTION: (Permission.INDEX_DELETE, Action.COLLECTION_DELETED),
    JobKind.IMPORT: (Permission.DATA_WRITE, Action.IMPORT_CANCELLED),
    JobKind.INDEX: (Permission.INDEX_DELETE, Action.INDEX_DELETED),
    JobKind.RESTORE: (Permission.INDEX_DELETE, Action.RESTORE_CANCELLED),
    JobKind.VERIFICATION: (Permission.INDEX_UPDATE, Action.BACKUP_VERIFICATION_CANCELLED),
}


def jobs_of_project(
    actor: Actor,
    project: Project,
    *,
    limit: int,
    after: UUID | None = None,
    state: JobState | None = None,
) -> Page[Job]:
    """The newest first; those about indexes beyond reach are not listed."""
    require(actor, Permission.INDEX_READ, project.scope)
    found: list[Job] = []
    with tenant(project.organization_id):
        for source in SOURCES:
            rows = _rows(actor, project, source)
            rows = rows if state is None else rows.filter(source.in_state(state))
            rows = rows if after is None else rows.filter(pk__lt=after)
            found += map(source.told, rows.order_by("-pk")[: limit + 1])
        found.sort(key=lambda job: job.id, reverse=True)
        page = page_of(found[: limit + 1], limit)
        return Page(with_owners(page.rows, using="default"), page.next_after)


def get_job(actor: Actor, project: Project, job_id: UUID) -> tuple[Job, list[JobLine]]:
    """One of the project, and what was written down of it."""
    require(actor, Permission.INDEX_READ, project.scope)
    with tenant(project.organization_id):
        source, row = _found(actor, project, job_id)
        (job,) = with_owners([source.told(row)], using="default")
        return job, lines_of(job_id, using="default")


def cancel_project_job(actor: Actor, project: Project, job_id: UUID) -> Job:
    """Stop it by the verb of its kind, which leaves the event."""
    with tenant(project.organization_id):
        source, row = _found(actor, project, job_id)
        job = source.told(row)
    permission, action = _NEEDED[job.kind]
    with denials_recorded(actor, action, project, job_id=str(job_id)):
        require(actor, permission, project.scope)
    return cancelled(actor, job, row)


def needed_to_cancel(kind: JobKind) -> Permission:
    """What whoever stops a job of that kind must hold."""
    return _NEEDED[kind][0]


def _found(actor: Actor, project: Project, job_id: UUID) -> tuple[Source, Any]:
    for source in SOURCES:
        row = _rows(actor, project, source).filter(pk=job_id).first()
        if row is not None:
            return source, row
    raise NotFound(f"Job {job_id} not found.")


def _rows(actor: Actor, project: Project, source: Source) -> Any:
    within = Q(**{source.project: project.pk})
    if actor.reach.index_ids:
        within &= Q(**{f"{source.index}__in": actor.reach.index_ids})
    return source.rows().select_related(*source.beside).filter(within)
