"""Jobs of all organizations as the operator sees them; stopping one, whoever's it is."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q

from access.actor import Actor
from indexes.backups import delete_backup
from indexes.collections import delete_collection
from indexes.imports import cancel_import
from indexes.job_kinds import JobKind, JobState
from indexes.job_lines import JobLine, lines_of, owners
from indexes.job_rows import SOURCES, Job, Source
from indexes.restores import cancel_restore_job
from indexes.verifications import cancel_verification
from kit import clock
from kit.errors import FailedPrecondition, NotFound
from kit.ids import first_id_at
from orgs.account_verbs import require_operator

_LATELY = timedelta(days=7)
_AT_MOST = 100
# What is not here goes on by itself: an index that is not wanted is deleted.
_CANCEL: dict[JobKind, Callable[[Actor, Any], object]] = {
    JobKind.BACKUP: delete_backup,
    JobKind.COLLECTION: delete_collection,
    JobKind.IMPORT: cancel_import,
    JobKind.RESTORE: cancel_restore_job,
    JobKind.VERIFICATION: lambda actor, row: cancel_verification(actor, row.backup),
}


def unfinished_jobs(actor: Actor) -> list[Job]:
    """Waiting or under way, the newest first. Crosses tenants."""
    require_operator(actor)
    return _newest(JobState.UNFINISHED, Q())


def failed_jobs(actor: Actor) -> list[Job]:
    """Of the last week, the newest first. Crosses tenants."""
    require_operator(actor)
    return _newest(JobState.FAILED, Q(pk__gte=first_id_at(clock.now() - _LATELY)))


def job_by_id(actor: Actor, job_id: UUID) -> tuple[Job, list[JobLine]]:
    """A job of whatever organization, and what was written down of it. Crosses tenants."""
    require_operator(actor)
    source, row = _found(job_id)
    return with_owners([source.told(row)], using="system")[0], lines_of(job_id, using="system")


def cancel_job(actor: Actor, job_id: UUID) -> Job:
    """Stop it, whoever's it is; the event stands in that organization's log.

    Crosses tenants to find it.
    """
    require_operator(actor)
    source, row = _found(job_id)
    return cancelled(actor, source.told(row), row)


def cancelled(actor: Actor, job: Job, row: Any) -> Job:
    """The verb of its kind does it, and says who may. One that has not been taken yet, or that
    nothing has come of, is deleted."""
    act = _CANCEL.get(job.kind)
    if act is None or not job.may_be_cancelled:
        raise FailedPrecondition(f"The {job.kind} is {job.status}: it cannot be cancelled.")
    act(actor, row)
    return replace(job, state=JobState.CANCELLED, status="Cancelled", may_be_cancelled=False)


def with_owners(jobs: Iterable[Job], *, using: str) -> list[Job]:
    """Each with who asked for it, where that is written down."""
    jobs = list(jobs)
    found = owners((one.id for one in jobs), using=using)
    return [replace(one, owner=found.get(one.id, one.owner)) for one in jobs]


def _newest(state: JobState, wanted: Q) -> list[Job]:
    found: list[Job] = []
    for source in SOURCES:
        rows = _rows(source).filter(source.in_state(state), wanted).order_by("-pk")
        found += map(source.told, rows[:_AT_MOST])
    found.sort(key=lambda job: job.created_at, reverse=True)
    return with_owners(found[:_AT_MOST], using="system")


def _found(job_id: UUID) -> tuple[Source, Any]:
    for source in SOURCES:
        row = _rows(source).filter(pk=job_id).first()
        if row is not None:
            return source, row
    raise NotFound(f"There is no job {job_id}.")


def _rows(source: Source) -> Any:
    return source.rows().using("system").select_related(*source.beside)
