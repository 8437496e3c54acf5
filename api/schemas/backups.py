"""Backups and restore jobs: what requests ask for, and what replies show."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from api.schemas.admin.lists import Paging, paging_of
from api.schemas.bodies import (
    CreateBackup,
    CreateBackupStrictly,
    CreateIndexFromBackup,
    CreateIndexFromBackupStrictly,
    CreateIndexFromMoment,
    decoded,
)
from api.schemas.index_reply import rendered_fields
from api.schemas.index_request import capacity_of, protection_of
from api.versions import Version
from indexes.backup_models import Backup, BackupStatus, RestoreJob, RestoreStatus
from indexes.verification_models import BackupVerification

_OLD_LIMIT, _NEW_LIMIT = 10, 100
# What is told of indexes that lie in no cloud: their environment.
_NOWHERE = "byoc"


@dataclass(frozen=True, slots=True)
class BackupWish:
    """The arguments of `indexes.backups.create_backup`."""

    name: str
    description: str


@dataclass(frozen=True, slots=True)
class RestoreWish:
    """The arguments of `indexes.restores.create_index_from_backup`."""

    name: str
    tags: dict[str, str] | None
    is_protected: bool
    read_capacity: dict[str, Any] | None


def parse_backup(raw: bytes, version: Version) -> BackupWish:
    """A body may be missing: everything in it is optional."""
    raw = raw or b"{}"
    body: CreateBackupStrictly | CreateBackup
    if version >= Version.V2026_07:
        body = decoded(raw, CreateBackupStrictly)
    else:
        body = decoded(raw, CreateBackup)
    return BackupWish(body.name or "", body.description or "")


def parse_restore(raw: bytes, version: Version) -> RestoreWish:
    body: CreateIndexFromBackupStrictly | CreateIndexFromBackup
    if version >= Version.V2026_07:
        body = decoded(raw, CreateIndexFromBackupStrictly)
    else:
        body = decoded(raw, CreateIndexFromBackup)
    return _wish_of(body)


def parse_moment(raw: bytes) -> tuple[RestoreWish, datetime]:
    """What to make, and as of when."""
    body = decoded(raw, CreateIndexFromMoment)
    return _wish_of(body), body.restore_to


def _wish_of(
    body: CreateIndexFromBackup | CreateIndexFromBackupStrictly | CreateIndexFromMoment,
) -> RestoreWish:
    return RestoreWish(
        body.name,
        body.tags,
        bool(protection_of(body.deletion_protection)),
        capacity_of(body.read_capacity),
    )


def paging_for(query: Mapping[str, str], version: Version) -> Paging:
    return paging_of(query, default=_NEW_LIMIT if version >= Version.V2026_07 else _OLD_LIMIT)


def render_backup(backup: Backup, version: Version) -> dict[str, Any]:
    """New and old keys side by side, as an index is rendered."""
    ((_, place),) = backup.spec.items()
    body: dict[str, Any] = {
        "backup_id": str(backup.pk),
        "source_index_name": backup.source_index_name,
        "source_index_id": str(backup.source_index_id),
        "source_index_deleted_at": time_of(backup.source_deleted_at),
        "name": backup.name or None,
        "description": backup.description,
        "status": _backup_status(backup, version),
        "cloud": place.get("cloud", _NOWHERE),
        "region": place.get("region") or place["environment"],
        "metric": backup.metric,
        "schema": {"fields": rendered_fields(backup, version)},
        "record_count": backup.record_count,
        "namespace_count": backup.namespace_count,
        "size_bytes": backup.size_bytes,
        "tags": backup.tags or None,
        "created_at": backup.created_at.isoformat(),
    }
    if backup.verified_at is not None:
        body["verification"] = backup.verification
        body["verified_at"] = time_of(backup.verified_at)
    if backup.failure:
        body["error_message"] = backup.failure
    if backup.schedule_id is not None:
        body["schedule_id"] = str(backup.schedule_id)
        body["expires_at"] = time_of(backup.expires_at)
    if version < Version.V2026_01_ALPHA:
        fields = {name: {"filterable": True} for name in backup.schema or ()}
        body["schema"] = {"fields": fields} if fields else None
    if backup.dimension is not None:
        body["dimension"] = backup.dimension
    return body


def render_restore_job(job: RestoreJob, version: Version) -> dict[str, Any]:
    is_new = version >= Version.V2026_07
    status = job.status
    if is_new and status == RestoreStatus.IN_PROGRESS:
        status = RestoreStatus.PENDING
    body: dict[str, Any] = {
        "restore_job_id": str(job.pk),
        # Pinecone's clients want a string here.
        "backup_id": str(job.backup_id or ""),
        "target_index_name": job.target_index_name,
        "target_index_id": str(job.target_index_id),
        "status": str(status),
        "created_at": job.created_at.isoformat(),
        "completed_at": time_of(job.finished_at),
        "percent_complete": job.percent_complete,
    }
    if job.restored_to is not None:
        body["source_index_id"] = str(job.source_index_id)
        body["restore_to"] = job.restored_to.isoformat()
    if job.failure:
        body["error_message"] = job.failure
    return body


def render_verification(one: BackupVerification) -> dict[str, Any]:
    return {
        "verification_id": str(one.pk),
        "backup_id": str(one.backup_id),
        "status": str(one.status),
        "percent_complete": one.percent_complete,
        "digest": one.digest or None,
        "finding": one.finding or None,
        "created_at": time_of(one.created_at),
        "completed_at": time_of(one.finished_at),
    }


def time_of(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _backup_status(backup: Backup, version: Version) -> str:
    if backup.status == BackupStatus.FAILED and version >= Version.V2026_07:
        return "InitializationFailed"
    return str(backup.status)
