"""Shapes of bodies for the generated description of the API."""

from typing import Any

import msgspec

from api.openapi_admin import ADMIN_REPLIES
from api.openapi_backups import BACKUP_REPLIES
from api.openapi_jobs import JOB_REPLIES
from api.openapi_metrics import METRICS_REPLIES
from api.openapi_streams import STREAM_REPLIES
from api.openapi_webhooks import WEBHOOK_REPLIES
from api.schemas.admin.bodies import BODIES as ADMIN_BODIES
from api.schemas.bodies import (
    ConfigureIndexBySchema,
    ConfigureIndexBySpec,
    CreateBackupStrictly,
    CreateCollectionStrictly,
    CreateIndexBySchema,
    CreateIndexBySpec,
    CreateIndexFromBackupStrictly,
    CreateIndexFromMoment,
)
from api.schemas.schedule_bodies import CreateBackupSchedule, UpdateBackupSchedule

_BODIES = (
    ConfigureIndexBySchema,
    ConfigureIndexBySpec,
    CreateBackupSchedule,
    CreateBackupStrictly,
    CreateCollectionStrictly,
    CreateIndexBySchema,
    CreateIndexBySpec,
    CreateIndexFromBackupStrictly,
    UpdateBackupSchedule,
    CreateIndexFromMoment,
    *ADMIN_BODIES,
)
_TEXT: dict[str, Any] = {"type": "string"}
_MAP: dict[str, Any] = {"type": "object", "additionalProperties": True}

_INDEX: dict[str, Any] = {
    "type": "object",
    "required": ["name", "host", "status", "deployment", "schema", "deletion_protection"],
    "properties": {
        "id": {"type": "string", "format": "uuid"},
        "name": _TEXT,
        "host": _TEXT,
        "private_host": _TEXT,
        "vector_type": {"type": "string", "enum": ["dense", "sparse"]},
        "metric": {"type": "string", "enum": ["cosine", "dotproduct", "euclidean"]},
        "dimension": {"type": "integer", "minimum": 1, "maximum": 20_000},
        "status": {
            "type": "object",
            "required": ["ready", "state"],
            "properties": {"ready": {"type": "boolean"}, "state": _TEXT},
        },
        "spec": _MAP,
        "deployment": _MAP,
        "read_capacity": _MAP,
        "schema": _MAP,
        "deletion_protection": {"type": "string", "enum": ["enabled", "disabled"]},
        "cmek_id": _TEXT,
        "tags": {"type": "object", "nullable": True, "additionalProperties": _TEXT},
    },
}
_INDEX_LIST: dict[str, Any] = {
    "type": "object",
    "required": ["indexes"],
    "properties": {"indexes": {"type": "array", "items": {"$ref": "#/components/schemas/Index"}}},
}


def components() -> dict[str, Any]:
    """All named shapes, for drf-spectacular's APPEND_COMPONENTS."""
    _, bodies = msgspec.json.schema_components(_BODIES, ref_template="#/components/schemas/{name}")
    return {
        "schemas": {
            **bodies,
            "Index": _INDEX,
            "IndexList": _INDEX_LIST,
            **BACKUP_REPLIES,
            **METRICS_REPLIES,
            **ADMIN_REPLIES,
            **STREAM_REPLIES,
            **JOB_REPLIES,
            **WEBHOOK_REPLIES,
        }
    }


def body(name: str) -> dict[str, Any]:
    """A request body of that shape."""
    return {"application/json": {"$ref": f"#/components/schemas/{name}"}}


def reply(name: str) -> dict[str, Any]:
    """A reply of that shape."""
    return {"$ref": f"#/components/schemas/{name}"}
