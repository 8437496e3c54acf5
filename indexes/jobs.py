"""What workers are busy with in all organizations, and what of it failed lately."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.db import models

from access.actor import Actor
from indexes.backup_models import UNFINISHED, Backup, BackupStatus, RestoreJob, RestoreStatus
from indexes.imports import cancel_import
from indexes.models import Import, Index, IndexState
from indexes.restores import cancel_restore_job
from indexes.verification_models import UNANSWERED, BackupVerification, VerificationStatus
from kit import clock
from kit.errors import FailedPrecondition, NotFound
from kit.ids import first_id_at
from orgs.account_verbs import require_operator
from orgs.models import Organization
from projects.models import Project
from storage.imports import UNFINISHED as UNFINISHED_IMPORTS
from storage.imports import ImportStatus

_LATELY = timedelta(days=7)
_AT_MOST = 100


class JobKind(StrEnum):
    BACKUP = "backup"
    IMPORT = "import"
    INDEX = "index"
    RESTORE = "restore"
    VERIFICATION = "verification"


@dataclass(frozen=True, slots=True)
class Job:
    """`percent` is None where nobody counts; `failure` is empty where there is nothing to say.

    What went wrong with an import may quote records: its own people alone read that.
    """

    kind: JobKind
    id: UUID
    name: str
    organization: Organization
    project: Project
    status: str
    created_at: datetime
    percent: float | None = None
    failure: str = ""
    may_be_cancelled: bool = False


def unfinished_jobs(actor: Actor) -> list[Job]:
    """Waiting or under way, the newest first. Crosses tenants."""
    require_operator(actor)
    return _newest(
        *_told(Backup, _backup, status=BackupStatus.INITIALIZING),
        *_told(Import, _import, status__in=UNFINISHED_IMPORTS),
        *_told(Index, _index, state__in=(IndexState.INITIALIZING, IndexState.TERMINATING)),
        *_told(RestoreJob, _restore, status__in=UNFINISHED),
        *_told(BackupVerification, _verification, status__in=UNANSWERED),
    )


def failed_jobs(actor: Actor) -> list[Job]:
    """Of the last week, the newest first. Crosses tenants."""
    require_operator(actor)
    since = first_id_at(clock.now() - _LATELY)
    bad = (VerificationStatus.DAMAGED, VerificationStatus.FAILED)
    return _newest(
        *_told(Backup, _backup, status=BackupStatus.FAILED, pk__gte=since),
        *_told(Import, _import, status=ImportStatus.FAILED, pk__gte=since),
        *_told(Index, _index, state=IndexState.INITIALIZATION_FAILED, pk__gte=since),
        *_told(RestoreJob, _restore, status=RestoreStatus.FAILED, pk__gte=since),
        *_told(BackupVerification, _verification, status__in=bad, pk__gte=since),
    )


def cancel_job(actor: Actor, kind: str, job_id: UUID) -> Job:
    """Stop an import or a restore, whoever's it is; the event stands in that organization's log.

    Crosses tenants to find it.
    """
    require_operator(actor)
    if kind not in set(JobKind):
        raise NotFound(f"There is no job {job_id}.")
    if kind == JobKind.IMPORT:
        found_import = _found(Import, job_id)
        cancel_import(actor, found_import)
        return _import(found_import)
    if kind == JobKind.RESTORE:
        return _restore(cancel_restore_job(actor, _found(RestoreJob, job_id)))
    raise FailedPrecondition("Only imports and restores can be cancelled.")


_BESIDE: dict[type[models.Model], tuple[str, ...]] = {
    Backup: ("organization", "project"),
    BackupVerification: ("organization", "backup__project"),
    Import: ("organization", "index__project"),
    Index: ("organization", "project"),
    RestoreJob: ("organization", "project"),
}


def _told(model: type[Any], told: Callable[[Any], Job], **wanted: Any) -> list[Job]:
    rows = model.objects.using("system").select_related(*_BESIDE[model]).filter(**wanted)
    return [told(row) for row in rows.order_by("-pk")[:_AT_MOST]]


def _found(model: type[Any], job_id: UUID) -> Any:
    rows = model.objects.using("system").select_related(*_BESIDE[model])
    found = rows.filter(pk=job_id).first()
    if found is None:
        raise NotFound(f"There is no job {job_id}.")
    return found


def _newest(*jobs: Job) -> list[Job]:
    return sorted(jobs, key=lambda job: job.created_at, reverse=True)[:_AT_MOST]


def _backup(one: Backup) -> Job:
    return Job(
        JobKind.BACKUP, one.pk, str(one), one.organization, one.project, one.status,
        one.created_at, failure=one.failure,
    )  # fmt: skip


def _import(one: Import) -> Job:
    return Job(
        JobKind.IMPORT, one.pk, one.index.name, one.organization, one.index.project, one.status,
        one.created_at, percent=one.percent_complete,
        may_be_cancelled=one.status in UNFINISHED_IMPORTS,
    )  # fmt: skip


def _index(one: Index) -> Job:
    return Job(
        JobKind.INDEX, one.pk, one.name, one.organization, one.project, one.state,
        one.created_at, failure=one.failure,
    )  # fmt: skip


def _restore(one: RestoreJob) -> Job:
    return Job(
        JobKind.RESTORE, one.pk, one.target_index_name, one.organization, one.project, one.status,
        one.created_at, percent=one.percent_complete, failure=one.failure,
        may_be_cancelled=one.is_unfinished,
    )  # fmt: skip


def _verification(one: BackupVerification) -> Job:
    return Job(
        JobKind.VERIFICATION, one.pk, str(one.backup), one.organization, one.backup.project,
        one.status, one.created_at, percent=one.percent_complete, failure=one.finding,
    )  # fmt: skip
