"""Shapes of webhooks and their deliveries for the generated description of the API."""

from typing import Any

from webhooks.catalogue import CATALOGUE

_TEXT: dict[str, Any] = {"type": "string"}
_TIME: dict[str, Any] = {"type": "string", "format": "date-time"}
_ID: dict[str, Any] = {"type": "string", "format": "uuid"}
_COUNT: dict[str, Any] = {"type": "integer", "minimum": 0}
_EVENT: dict[str, Any] = {"type": "string", "enum": [one.name for one in CATALOGUE]}


def _or_null(shape: dict[str, Any]) -> dict[str, Any]:
    return {**shape, "nullable": True}


def _object(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "required": list(properties), "properties": properties}


_ATTEMPT = _object(
    started_at=_TIME, duration_ms=_COUNT, response_status=_or_null(_COUNT), error=_or_null(_TEXT)
)
WEBHOOK_REPLIES: dict[str, Any] = {
    "Webhook": _object(
        id=_ID,
        name=_TEXT,
        url=_TEXT,
        events={"type": "array", "items": _EVENT},
        project_id=_or_null(_ID),
        enabled={"type": "boolean"},
        disabled_reason=_or_null(_TEXT),
        failing_since=_or_null(_TIME),
        last_delivered_at=_or_null(_TIME),
        previous_secret_valid_until=_or_null(_TIME),
        created_at=_TIME,
        updated_at=_TIME,
    ),
    "WebhookWithSecret": _object(webhook={"$ref": "#/components/schemas/Webhook"}, secret=_TEXT),
    "WebhookAttempt": _ATTEMPT,
    "WebhookDelivery": _object(
        id=_ID,
        message_id=_TEXT,
        type=_TEXT,
        occurred_at=_TIME,
        status={"type": "string", "enum": ["pending", "delivered", "failed"]},
        next_attempt_at=_or_null(_TIME),
        attempts={"type": "array", "items": {"$ref": "#/components/schemas/WebhookAttempt"}},
    ),
}
