"""What the Admin API shows of audit streams and the batches that were sent."""

from datetime import datetime
from typing import Any

from audit.models import Delivery
from orgs.audit_streams import NewStream, StreamState


def render_stream(state: StreamState) -> dict[str, Any]:
    stream = state.stream
    return {
        "id": str(stream.pk),
        "name": stream.name,
        "kind": str(stream.kind),
        "config": stream.config,
        "paused": stream.is_paused,
        "lag": state.lag,
        "waiting_since": _moment(state.waiting_since),
        "last_delivered_at": _moment(stream.last_delivered_at),
        "failed_attempts": stream.attempts,
        "last_error": stream.last_error or None,
        "created_at": _moment(stream.created_at),
    }


def render_new_stream(new: NewStream) -> dict[str, Any]:
    return {"stream": render_stream(StreamState(new.stream, 0, None)), "secret": new.secret}


def render_batch(batch: Delivery) -> dict[str, Any]:
    return {
        "id": str(batch.pk),
        "first_sequence": batch.first_sequence,
        "last_sequence": batch.last_sequence,
        "status": str(batch.status),
        "attempts": batch.attempts,
        "error": batch.error or None,
        "created_at": _moment(batch.created_at),
        "delivered_at": _moment(batch.delivered_at),
    }


def _moment(when: datetime | None) -> str | None:
    return None if when is None else when.isoformat().replace("+00:00", "Z")
