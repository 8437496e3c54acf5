"""Running backup schedules, and deleting what they keep no longer."""

from datetime import timedelta
from uuid import UUID

import structlog
from django.db.models import F, OuterRef, Subquery, Window
from django.db.models.functions import RowNumber

from access.actor import SYSTEM
from indexes.backup_models import UNFINISHED, Backup, BackupStatus, RestoreJob
from indexes.backup_schedule_models import BackupSchedule
from indexes.backups import ScheduledRun, backup_of, create_backup, delete_backup
from indexes.models import Index, IndexState
from indexes.recurrence import Frequency, latest_run, next_run
from kit import clock
from kit.errors import FailedPrecondition, NotFound, StonepineError
from orgs.kept import Kept
from orgs.retention import organizations_that_chose
from orgs.tenancy import tenant

_AT_ONCE = 100
_log = structlog.get_logger(__name__)


def run_due_schedules() -> None:
    """One backup for each schedule that is due, however many of its runs were missed meanwhile.

    Crosses tenants: the longest waiting comes first, whoever it belongs to.
    """
    rows = BackupSchedule.objects.using("system").filter(next_run_at__lte=clock.now())
    due = rows.order_by("next_run_at").values_list("organization_id", "index_id", "pk")
    for organization_id, index_id, schedule_id in due[:_AT_ONCE]:
        with tenant(organization_id):
            _run(index_id, schedule_id)


def _run(index_id: UUID, schedule_id: UUID) -> None:
    """The next run is noted in the same transaction: who comes second finds nothing due."""
    rows = Index.objects.select_for_update(of=("self",), no_key=True)
    rows = rows.select_related("project__organization").filter(pk=index_id)
    index = rows.exclude(state=IndexState.TERMINATING).first()
    now = clock.now()
    due = BackupSchedule.objects.select_for_update(of=("self",), skip_locked=True)
    schedule = due.filter(pk=schedule_id, next_run_at__lte=now).first()
    if index is None or schedule is None:
        return
    frequency = Frequency(schedule.frequency)
    moment = latest_run(frequency, schedule.first_run_at, at=now)
    schedule.next_run_at = next_run(frequency, schedule.first_run_at, after=now)
    schedule.save(update_fields=["next_run_at"])
    run = ScheduledRun(schedule.pk, moment, schedule.expiry(now))
    name = schedule.run_name(moment)
    try:
        create_backup(SYSTEM, index, name=name, run=run)
    except StonepineError as error:
        failed = backup_of(index, run)
        failed.name, failed.status, failed.finished_at = name, BackupStatus.FAILED, now
        failed.failure = error.message[:500]
        failed.save(force_insert=True)


def delete_expired_backups() -> None:
    """What is older than its schedule or its organization keeps it, or beyond the number that is
    kept.

    Crosses tenants. What a restore job reads goes later.
    """
    rows, now = Backup.objects.using("system"), clock.now()
    busy = RestoreJob.objects.using("system").filter(status__in=UNFINISHED).values("backup_id")
    keeps = BackupSchedule.objects.filter(pk=OuterRef("schedule_id")).values("keep_count")[:1]
    newest_first = Window(RowNumber(), partition_by="schedule_id", order_by="-scheduled_for")
    ready = rows.filter(schedule_id__isnull=False, status=BackupStatus.READY)
    ranked = ready.annotate(place=newest_first, keeps=Subquery(keeps)).filter(
        keeps__gt=0, place__gt=F("keeps")
    )
    surplus = [one.pk for one in ranked]
    overdue = [
        (rows.filter(organization_id=organization_id, collection_name="",
                     created_at__lte=now - timedelta(days=days)),
         f"the organization keeps backups for {days} days")
        for organization_id, days in organizations_that_chose(Kept.BACKUPS)
    ]  # fmt: skip
    for found, reason in (
        (rows.filter(expires_at__lte=now), "it has expired"),
        (rows.filter(pk__in=surplus), "newer ones are kept"),
        *overdue,
    ):
        for backup in found.exclude(pk__in=busy).order_by("pk")[:_AT_ONCE]:
            _delete(backup, reason)


def _delete(backup: Backup, reason: str) -> None:
    try:
        with tenant(backup.organization_id):
            ours = Backup.objects.select_related("organization").filter(pk=backup.pk).first()
            if ours is not None:
                delete_backup(SYSTEM, ours, reason=reason)
    except (FailedPrecondition, NotFound) as error:
        _log.info("backup_not_deleted_yet", backup_id=str(backup.pk), reason=error.message)
