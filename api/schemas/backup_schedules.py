"""Backup schedules: what requests ask for, and what replies show."""

from dataclasses import dataclass
from typing import Any

from api.schemas.backups import render_backup, time_of
from api.schemas.bodies import decoded
from api.schemas.schedule_bodies import CreateBackupSchedule, UpdateBackupSchedule
from api.versions import Version
from indexes.backup_models import Backup
from indexes.backup_schedule_models import BackupSchedule
from kit.errors import InvalidArgument

_TYPE = "time-based"


@dataclass(frozen=True, slots=True)
class ScheduleWish:
    """The arguments of `indexes.backup_schedules.create_backup_schedule`."""

    name: str
    frequency: str
    hour: int | None
    keep_days: int
    keep_count: int


@dataclass(frozen=True, slots=True)
class ScheduleChange:
    """The arguments of `indexes.backup_schedules.update_backup_schedule`."""

    frequency: str | None
    hour: int | None
    keep_days: int | None
    keep_count: int | None
    is_enabled: bool | None


def parse_schedule(raw: bytes) -> ScheduleWish:
    body = decoded(raw, CreateBackupSchedule)
    if body.schedule.type != _TYPE:
        raise InvalidArgument(f"schedule.type must be {_TYPE!r}.", field="schedule.type")
    return ScheduleWish(
        name=body.name,
        frequency=body.schedule.frequency,
        hour=body.schedule.hour,
        keep_days=body.retention.expire_after_days,
        keep_count=body.retention.max_backups or 0,
    )


def parse_schedule_change(raw: bytes) -> ScheduleChange:
    body = decoded(raw, UpdateBackupSchedule)
    kept = body.retention
    return ScheduleChange(
        frequency=body.frequency,
        hour=body.hour,
        keep_days=None if kept is None else kept.expire_after_days,
        keep_count=None if kept is None else kept.max_backups,
        is_enabled=body.enabled,
    )


def render_schedule(schedule: BackupSchedule) -> dict[str, Any]:
    return {
        "schedule_id": str(schedule.pk),
        "name": schedule.name,
        "index_id": str(schedule.index_id),
        "project_id": str(schedule.project_id),
        "schedule_type": _TYPE,
        "frequency": str(schedule.frequency),
        "hour": schedule.hour,
        "retention_expire_after_days": schedule.keep_days,
        "retention_max_backups": schedule.keep_count or None,
        "enabled": schedule.is_enabled,
        "next_scheduled_run": time_of(schedule.next_run_at),
        "created_at": time_of(schedule.created_at),
    }


def render_run(backup: Backup, version: Version) -> dict[str, Any]:
    """A backup as an entry of its schedule's history."""
    return {
        **render_backup(backup, version),
        "scheduled_execution_at": time_of(backup.scheduled_for),
    }
