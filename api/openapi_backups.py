"""Shapes of backups and restore jobs for the generated description of the API."""

from typing import Any

_TEXT: dict[str, Any] = {"type": "string"}
_TIME: dict[str, Any] = {"type": "string", "format": "date-time"}
_ID: dict[str, Any] = {"type": "string", "format": "uuid"}
_COUNT: dict[str, Any] = {"type": "integer", "minimum": 0}
_MAP: dict[str, Any] = {"type": "object", "nullable": True, "additionalProperties": True}

BACKUP_REPLIES: dict[str, Any] = {
    "Backup": {
        "type": "object",
        "required": [
            "backup_id", "source_index_name", "source_index_id", "status", "cloud", "region"
        ],
        "properties": {
            "backup_id": _ID, "source_index_name": _TEXT, "source_index_id": _ID, "name": _TEXT,
            "description": _TEXT, "status": _TEXT, "cloud": _TEXT, "region": _TEXT,
            "dimension": _COUNT, "metric": _TEXT, "schema": _MAP, "record_count": _COUNT,
            "namespace_count": _COUNT, "size_bytes": _COUNT, "tags": _MAP, "created_at": _TIME,
            "error_message": _TEXT, "schedule_id": _ID, "expires_at": _TIME,
            "scheduled_execution_at": _TIME, "verification": _TEXT, "verified_at": _TIME,
        },
    },
    "BackupVerification": {
        "type": "object",
        "required": ["verification_id", "backup_id", "status", "percent_complete", "created_at"],
        "properties": {
            "verification_id": _ID, "backup_id": _ID,
            "status": {
                "type": "string",
                "enum": ["Pending", "InProgress", "Passed", "Damaged", "Failed"],
            },
            "percent_complete": {"type": "number", "minimum": 0, "maximum": 100},
            "digest": {**_TEXT, "nullable": True}, "finding": {**_TEXT, "nullable": True},
            "created_at": _TIME, "completed_at": {**_TIME, "nullable": True},
        },
    },
    "BackupSchedule": {
        "type": "object",
        "required": [
            "schedule_id", "name", "index_id", "project_id", "schedule_type", "frequency",
            "retention_expire_after_days", "enabled", "next_scheduled_run", "created_at",
        ],
        "properties": {
            "schedule_id": _ID, "name": _TEXT, "index_id": _ID, "project_id": _ID,
            "schedule_type": _TEXT, "frequency": _TEXT,
            "hour": {"type": "integer", "minimum": 0, "maximum": 23},
            "retention_expire_after_days": _COUNT,
            "retention_max_backups": {**_COUNT, "nullable": True},
            "enabled": {"type": "boolean"},
            "next_scheduled_run": {**_TIME, "nullable": True}, "created_at": _TIME,
        },
    },
    "Collection": {
        "type": "object",
        "required": ["name", "status", "environment"],
        "properties": {
            "name": _TEXT, "status": _TEXT, "environment": _TEXT, "size": _COUNT,
            "dimension": _COUNT, "vector_count": _COUNT, "error_message": _TEXT,
        },
    },
    "CollectionList": {
        "type": "object",
        "required": ["collections"],
        "properties": {
            "collections": {
                "type": "array", "items": {"$ref": "#/components/schemas/Collection"}
            },
        },
    },
    "RestoreJob": {
        "type": "object",
        "required": ["restore_job_id", "backup_id", "target_index_name", "target_index_id",
                     "status", "created_at"],
        "properties": {
            "restore_job_id": _ID, "backup_id": _TEXT, "target_index_name": _TEXT,
            "target_index_id": _ID, "status": _TEXT, "created_at": _TIME,
            "source_index_id": _ID, "restore_to": _TIME,
            "completed_at": {**_TIME, "nullable": True},
            "percent_complete": {"type": "number", "minimum": 0, "maximum": 100},
        },
    },
    "Restoring": {
        "type": "object",
        "required": ["restore_job_id", "index_id"],
        "properties": {"restore_job_id": _ID, "index_id": _ID},
    },
}  # fmt: skip
