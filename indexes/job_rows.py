"""Every long act as a job: what it is about, whose it is, and how far it has come."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import F, Q

from indexes.backup_models import UNFINISHED, Backup, BackupStatus, RestoreJob, RestoreStatus
from indexes.job_kinds import JobKind, JobState
from indexes.models import Import, Index, IndexState
from indexes.verification_models import UNANSWERED, BackupVerification, VerificationStatus
from orgs.models import Organization
from projects.models import Project
from storage.imports import UNFINISHED as UNFINISHED_IMPORTS
from storage.imports import ImportStatus

_NONE = Q(pk__in=[])


@dataclass(frozen=True, slots=True)
class Job:
    """`status` is the word of its kind; `percent` is None where nobody counts; `failure` is empty
    where there is nothing to say; `owner` where nobody wrote it down.

    What went wrong with an import may quote records: its own people alone read that.
    """

    kind: JobKind
    id: UUID
    index_id: UUID
    name: str
    organization: Organization
    project: Project
    status: str
    state: JobState
    created_at: datetime
    finished_at: datetime | None = None
    percent: float | None = None
    failure: str = ""
    owner: str = ""
    may_be_cancelled: bool = False

    @property
    def pk(self) -> UUID:
        return self.id


@dataclass(frozen=True, slots=True)
class Source:
    """One table of jobs: all its `rows`. `project` and `index` are the paths of those ids;
    `unfinished`, `failed` and `cancelled` tell rows apart, and what none of them fits is done."""

    rows: Callable[[], Any]
    beside: tuple[str, ...]
    project: str
    index: str
    told: Callable[[Any], Job]
    unfinished: Q
    failed: Q
    cancelled: Q = _NONE

    def in_state(self, state: JobState) -> Q:
        if state is JobState.UNFINISHED:
            return self.unfinished
        if state is JobState.FAILED:
            return self.failed
        if state is JobState.CANCELLED:
            return self.cancelled
        return ~(self.unfinished | self.failed | self.cancelled)


def _backup(one: Backup) -> Job:
    state = {
        BackupStatus.INITIALIZING: JobState.UNFINISHED,
        BackupStatus.FAILED: JobState.FAILED,
    }.get(BackupStatus(one.status), JobState.DONE)
    return Job(
        JobKind.COLLECTION if one.collection_name else JobKind.BACKUP,
        one.pk, one.source_index_id, str(one), one.organization, one.project, one.status, state,
        one.created_at, one.finished_at, failure=one.failure,
        may_be_cancelled=state is JobState.UNFINISHED,
    )  # fmt: skip


def _import(one: Import) -> Job:
    state = {
        ImportStatus.COMPLETED: JobState.DONE,
        ImportStatus.FAILED: JobState.FAILED,
        ImportStatus.CANCELLED: JobState.CANCELLED,
    }.get(ImportStatus(one.status), JobState.UNFINISHED)
    return Job(
        JobKind.IMPORT, one.pk, one.index_id, one.index.name, one.organization, one.index.project,
        one.status, state, one.created_at, one.finished_at, percent=one.percent_complete,
        owner=f"API key {one.key_id}" if one.key_id else "",
        may_be_cancelled=state is JobState.UNFINISHED,
    )  # fmt: skip


def _index(one: Index) -> Job:
    is_behind = one.generation != one.observed_generation
    is_changing = one.state == IndexState.READY and is_behind
    state = {
        IndexState.INITIALIZATION_FAILED: JobState.FAILED,
        IndexState.READY: JobState.UNFINISHED if is_behind else JobState.DONE,
    }.get(IndexState(one.state), JobState.UNFINISHED)
    return Job(
        JobKind.INDEX, one.pk, one.pk, one.name, one.organization, one.project,
        "Scaling" if is_changing else one.state, state,
        one.created_at, one.ready_at, failure=one.failure,
    )  # fmt: skip


def _restore(one: RestoreJob) -> Job:
    state = {
        RestoreStatus.COMPLETED: JobState.DONE,
        RestoreStatus.FAILED: JobState.FAILED,
        RestoreStatus.CANCELLED: JobState.CANCELLED,
    }.get(RestoreStatus(one.status), JobState.UNFINISHED)
    return Job(
        JobKind.RESTORE, one.pk, one.target_index_id, one.target_index_name, one.organization,
        one.project, one.status, state, one.created_at, one.finished_at,
        percent=one.percent_complete, failure=one.failure, may_be_cancelled=one.is_unfinished,
    )  # fmt: skip


def _verification(one: BackupVerification) -> Job:
    state = {
        VerificationStatus.PASSED: JobState.DONE,
        VerificationStatus.DAMAGED: JobState.FAILED,
        VerificationStatus.FAILED: JobState.FAILED,
        VerificationStatus.CANCELLED: JobState.CANCELLED,
    }.get(VerificationStatus(one.status), JobState.UNFINISHED)
    return Job(
        JobKind.VERIFICATION, one.pk, one.backup.source_index_id, str(one.backup),
        one.organization, one.backup.project, one.status, state, one.created_at, one.finished_at,
        percent=one.percent_complete, failure=one.finding,
        may_be_cancelled=state is JobState.UNFINISHED,
    )  # fmt: skip


SOURCES = (
    Source(
        Backup.objects.all, ("organization", "project"), "project_id", "source_index_id", _backup,
        unfinished=Q(status=BackupStatus.INITIALIZING), failed=Q(status=BackupStatus.FAILED),
    ),
    Source(
        Import.objects.all, ("organization", "index__project"),
        "index__project_id", "index_id", _import,
        unfinished=Q(status__in=UNFINISHED_IMPORTS), failed=Q(status=ImportStatus.FAILED),
        cancelled=Q(status=ImportStatus.CANCELLED),
    ),
    Source(
        Index.objects.all, ("organization", "project"), "project_id", "pk", _index,
        unfinished=Q(state__in=(IndexState.INITIALIZING, IndexState.TERMINATING))
        | (Q(state=IndexState.READY) & ~Q(generation=F("observed_generation"))),
        failed=Q(state=IndexState.INITIALIZATION_FAILED),
    ),
    Source(
        RestoreJob.objects.all, ("organization", "project"),
        "project_id", "target_index_id", _restore,
        unfinished=Q(status__in=UNFINISHED), failed=Q(status=RestoreStatus.FAILED),
        cancelled=Q(status=RestoreStatus.CANCELLED),
    ),
    Source(
        BackupVerification.objects.all,
        ("organization", "backup__project", "backup__organization"),
        "backup__project_id", "backup__source_index_id", _verification,
        unfinished=Q(status__in=UNANSWERED),
        failed=Q(status__in=(VerificationStatus.DAMAGED, VerificationStatus.FAILED)),
        cancelled=Q(status=VerificationStatus.CANCELLED),
    ),
)  # fmt: skip
