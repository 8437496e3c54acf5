"""Shapes of audit streams and their batches for the generated description of the API."""

from typing import Any

_TEXT: dict[str, Any] = {"type": "string"}
_TIME: dict[str, Any] = {"type": "string", "format": "date-time"}
_ID: dict[str, Any] = {"type": "string", "format": "uuid"}
_COUNT: dict[str, Any] = {"type": "integer", "minimum": 0}


def _or_null(shape: dict[str, Any]) -> dict[str, Any]:
    return {**shape, "nullable": True}


def _object(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "required": list(properties), "properties": properties}


STREAM_REPLIES: dict[str, Any] = {
    "AuditStream": _object(
        id=_ID,
        name=_TEXT,
        kind={"type": "string", "enum": ["http", "syslog", "s3"]},
        config={"type": "object", "additionalProperties": True},
        paused={"type": "boolean"},
        lag=_COUNT,
        waiting_since=_or_null(_TIME),
        last_delivered_at=_or_null(_TIME),
        failed_attempts=_COUNT,
        last_error=_or_null(_TEXT),
        created_at=_TIME,
    ),
    "AuditStreamWithSecret": _object(
        stream={"$ref": "#/components/schemas/AuditStream"}, secret=_or_null(_TEXT)
    ),
    "AuditStreamTest": _object(taken={"type": "boolean"}, error=_or_null(_TEXT)),
    "AuditStreamBatch": _object(
        id=_ID,
        first_sequence=_COUNT,
        last_sequence=_COUNT,
        status={"type": "string", "enum": ["pending", "delivered"]},
        attempts=_COUNT,
        error=_or_null(_TEXT),
        created_at=_TIME,
        delivered_at=_or_null(_TIME),
    ),
}
