"""What the Admin API shows of webhooks, their deliveries and tries."""

from datetime import datetime
from typing import Any

from kit import clock
from webhooks.endpoints import NewSecret
from webhooks.models import Attempt, Delivery, DeliveryStatus, Webhook
from webhooks.secret_store import url_of
from webhooks.signature import message_name


def render_webhook(webhook: Webhook) -> dict[str, Any]:
    two_until = webhook.previous_secret_until
    return {
        "id": str(webhook.pk),
        "name": webhook.name,
        "url": url_of(webhook),
        "events": webhook.events,
        "project_id": str(webhook.project_id) if webhook.project_id else None,
        "enabled": webhook.is_enabled,
        "disabled_reason": webhook.disabled_because or None,
        "failing_since": _moment(webhook.failing_since),
        "last_delivered_at": _moment(webhook.last_delivered_at),
        "previous_secret_valid_until": _moment(
            two_until if webhook.has_two_secrets(clock.now()) else None
        ),
        "created_at": _moment(webhook.created_at),
        "updated_at": _moment(webhook.updated_at),
    }


def render_new_secret(new: NewSecret) -> dict[str, Any]:
    return {"webhook": render_webhook(new.webhook), "secret": new.secret}


def render_delivery(delivery: Delivery) -> dict[str, Any]:
    is_pending = delivery.status == DeliveryStatus.PENDING
    tries = sorted(delivery.tries.all(), key=lambda one: one.started_at, reverse=True)
    return {
        "id": str(delivery.pk),
        "message_id": message_name(delivery.message_id),
        "type": delivery.type,
        "occurred_at": _moment(delivery.occurred_at),
        "status": str(delivery.status),
        "next_attempt_at": _moment(delivery.next_attempt_at if is_pending else None),
        "attempts": [render_attempt(one) for one in tries],
    }


def render_attempt(attempt: Attempt) -> dict[str, Any]:
    return {
        "started_at": _moment(attempt.started_at),
        "duration_ms": attempt.duration_ms,
        "response_status": attempt.response_status,
        "error": attempt.error or None,
    }


def _moment(when: datetime | None) -> str | None:
    return None if when is None else when.isoformat().replace("+00:00", "Z")
