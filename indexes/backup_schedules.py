"""Schedules of backups: making, changing and deleting them. Workers run what is due."""

from django.db.models import F

from access.actor import Actor
from access.decide import require
from access.permissions import Permission
from audit.actions import Action
from audit.record import record
from indexes.backup_models import Backup
from indexes.backup_schedule_models import BackupSchedule
from indexes.backups import locked_live
from indexes.models import Index
from indexes.recurrence import Frequency, first_run
from indexes.specification import checked_name
from kit import clock
from kit.errors import AlreadyExists, Forbidden, InvalidArgument, NotFound, PaymentRequired
from orgs.models import Organization
from orgs.plans import Feature
from orgs.verbs import verb
from projects.projects import locked_project

MAX_DAYS, MAX_COUNT = 3_650, 1_000
_HOURS = 24


@verb(Action.BACKUP_SCHEDULE_CREATED)
def create_backup_schedule(
    actor: Actor,
    index: Index,
    *,
    name: str,
    frequency: str,
    keep_days: int,
    keep_count: int = 0,
    hour: int | None = None,
) -> BackupSchedule:
    """Have the index backed up from the next `hour` (UTC) on; by default at the hour of now.

    An index has at most one schedule that is enabled.
    """
    require(actor, Permission.INDEX_UPDATE, index.scope)
    project = locked_project(index.project_id)
    index = locked_live(project, index)
    _require_plan(project.organization)
    if "pod" in index.spec:
        raise InvalidArgument("An index of pods cannot be backed up by a schedule.")
    _require_no_other(index)
    now = clock.now()
    made = BackupSchedule(
        organization=project.organization,
        project=project,
        index=index,
        name=checked_name(name, of="A schedule"),
        frequency=_checked_frequency(frequency),
        hour=_checked_hour(now.hour if hour is None else hour),
        keep_days=_checked_days(keep_days),
        keep_count=_checked_count(keep_count),
    )
    _begin(made)
    made.save(force_insert=True)
    told = {"index_id": str(index.pk), "frequency": str(made.frequency), "hour": made.hour}
    record(actor, Action.BACKUP_SCHEDULE_CREATED, target=made.audit_target(), **told)
    return made


@verb(Action.BACKUP_SCHEDULE_UPDATED)
def update_backup_schedule(
    actor: Actor,
    schedule: BackupSchedule,
    *,
    frequency: str | None = None,
    hour: int | None = None,
    keep_days: int | None = None,
    keep_count: int | None = None,
    is_enabled: bool | None = None,
) -> BackupSchedule:
    """Change what is not None. What the schedule had taken is kept by the new rules from now on.

    Another frequency or hour begins the series anew, and so does enabling it again.
    """
    require(actor, Permission.INDEX_UPDATE, schedule.scope)
    found = _locked(schedule)
    wanted = {
        "frequency": None if frequency is None else _checked_frequency(frequency),
        "hour": None if hour is None else _checked_hour(hour),
        "keep_days": None if keep_days is None else _checked_days(keep_days),
        "keep_count": None if keep_count is None else _checked_count(keep_count),
        "is_enabled": is_enabled,
    }
    changed = {
        field: value
        for field, value in wanted.items()
        if value is not None and value != getattr(found, field)
    }
    if not changed:
        return found
    for field, value in changed.items():
        setattr(found, field, value)
    if changed.get("is_enabled"):
        _require_plan(found.organization)
        _require_no_other(found.index)
    if changed.keys() & {"frequency", "hour", "is_enabled"}:
        _begin(found)
    if "keep_days" in changed:
        _keep_anew(found)
    found.save(update_fields=[*changed, "first_run_at", "next_run_at"])
    record(actor, Action.BACKUP_SCHEDULE_UPDATED, target=found.audit_target(), **changed)
    return found


@verb(Action.BACKUP_SCHEDULE_DELETED)
def delete_backup_schedule(actor: Actor, schedule: BackupSchedule) -> None:
    """No more runs. The backups that were taken stay until they expire."""
    require(actor, Permission.INDEX_UPDATE, schedule.scope)
    found = _locked(schedule)
    record(actor, Action.BACKUP_SCHEDULE_DELETED, target=found.audit_target())
    found.delete()


def _locked(schedule: BackupSchedule) -> BackupSchedule:
    """The index's lock comes first, as everywhere."""
    list(Index.objects.select_for_update(of=("self",), no_key=True).filter(pk=schedule.index_id))
    rows = BackupSchedule.objects.select_for_update(of=("self",))
    found = rows.select_related("organization", "index").filter(pk=schedule.pk).first()
    if found is None:
        raise NotFound(f"Resource {schedule.pk} not found")
    return found


def _begin(schedule: BackupSchedule) -> None:
    schedule.first_run_at = first_run(schedule.hour, after=clock.now())
    schedule.next_run_at = schedule.first_run_at if schedule.is_enabled else None


def _keep_anew(schedule: BackupSchedule) -> None:
    now = clock.now()
    rows = Backup.objects.filter(schedule_id=schedule.pk, expires_at__gt=now)
    rows.update(expires_at=F("created_at") + (schedule.expiry(now) - now))


def _require_plan(organization: Organization) -> None:
    """As a refusal of rights, which is how Pinecone answers here."""
    try:
        organization.require_feature(Feature.BACKUPS)
    except PaymentRequired as error:
        raise Forbidden(error.message) from None


def _require_no_other(index: Index) -> None:
    if BackupSchedule.objects.filter(index=index, is_enabled=True).exists():
        raise AlreadyExists(
            "The index has a schedule that is enabled: disable or delete that one first."
        )


def _checked_frequency(frequency: str) -> Frequency:
    if frequency not in list(Frequency):
        known = ", ".join(Frequency)
        raise InvalidArgument(f"frequency must be one of {known}.", field="frequency")
    return Frequency(frequency)


def _checked_hour(hour: int) -> int:
    if not 0 <= hour < _HOURS:
        raise InvalidArgument("hour must be between 0 and 23, in UTC.", field="hour")
    return hour


def _checked_days(days: int) -> int:
    if not 1 <= days <= MAX_DAYS:
        raise InvalidArgument(
            f"expire_after_days must be between 1 and {MAX_DAYS}.", field="keep_days"
        )
    return days


def _checked_count(count: int) -> int:
    if not 0 <= count <= MAX_COUNT:
        raise InvalidArgument(
            f"max_backups must be between 1 and {MAX_COUNT}, or 0 for any number.",
            field="keep_count",
        )
    return count
