"""Delivering: batch by batch along the chain, each written down before it is sent.

Whoever dies in between leaves the batch pending, and it is sent again under the same id. All reads
and writes here are the system role's: this work crosses tenants.
"""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import structlog
from django.db import transaction
from django.db.models import F, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce

from audit.models import Chain, Delivery, DeliveryStatus, Event, Stream
from audit.shape import to_json
from audit.streams.destinations import SENDING_S, Batch, Receiver, send
from audit.streams.secrets import opened_secret
from kit import clock
from kit.errors import StonepineError
from kit.ids import new_id

MAX_EVENTS = 500
_MAX_BATCHES = 20
# Longer than sending takes, and short enough that whoever died is soon followed by another.
_CLAIMED_FOR = timedelta(seconds=SENDING_S + 7)
_FIRST_BACK_OFF_S, _LAST_BACK_OFF_S = 5, 3_600
_KEPT_FOR = timedelta(days=30)
_MAX_ERROR = 300

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Claimed:
    """A stream that this worker alone delivers, for a while."""

    stream: Stream
    token: UUID

    def update(self, **changes: object) -> bool:
        """False where the claim was lost: somebody else decides then what is true."""
        rows = Stream.objects.using("system").filter(pk=self.stream.pk, claim=self.token)
        return rows.update(**changes) > 0


def due_streams() -> list[UUID]:
    """Streams with events to send whose time has come. Crosses tenants."""
    now = clock.now()
    head = Chain.objects.filter(organization_id=OuterRef("organization_id")).values("sequence")
    rows = Stream.objects.using("system").annotate(last=Coalesce(Subquery(head), 0))
    due = rows.filter(_is_free(now), is_paused=False, next_attempt_at__lte=now)
    return list(due.filter(last__gt=F("cursor")).values_list("pk", flat=True))


def deliver(stream_id: UUID) -> int:
    """Send what is due, some batches at most; returns how many were taken. Crosses tenants."""
    claimed = _claim(stream_id)
    if claimed is None:
        return 0
    taken = 0
    while taken < _MAX_BATCHES and _deliver_next(claimed):
        taken += 1
    claimed.update(claim=None, claimed_until=None)
    return taken


def forget_old_deliveries() -> None:
    """The ledger keeps a month of what was taken. Crosses tenants."""
    rows = Delivery.objects.using("system").filter(status=DeliveryStatus.DELIVERED)
    rows.filter(delivered_at__lt=clock.now() - _KEPT_FOR).delete()


def receiver_of(stream: Stream) -> Receiver:
    secret = ""
    if stream.sealed_secret is not None:
        secret = opened_secret(
            bytes(stream.sealed_secret),
            organization_id=stream.organization_id, stream_id=stream.pk,
        )  # fmt: skip
    return Receiver(stream.kind, stream.config, secret)


def _claim(stream_id: UUID) -> _Claimed | None:
    now, token = clock.now(), new_id()
    rows = Stream.objects.using("system").filter(pk=stream_id)
    free = rows.filter(_is_free(now), is_paused=False, next_attempt_at__lte=now)
    if not free.update(claim=token, claimed_until=now + _CLAIMED_FOR):
        return None
    return _Claimed(rows.get(), token)


def _is_free(now: object) -> Q:
    return Q(claimed_until=None) | Q(claimed_until__lt=now)


def _deliver_next(claimed: _Claimed) -> bool:
    """Whether a batch was taken, and the claim still holds."""
    stream = claimed.stream
    held = Stream.objects.using("system").filter(pk=stream.pk, claim=claimed.token)
    if not held.filter(is_paused=False).update(claimed_until=clock.now() + _CLAIMED_FOR):
        return False
    delivery = _pending(stream) or _open(claimed)
    if delivery is None:
        return False
    try:
        send(receiver_of(stream), _batch(delivery))
    except StonepineError as error:
        _postpone(claimed, delivery, str(error))
        return False
    return _finish(claimed, delivery)


def _pending(stream: Stream) -> Delivery | None:
    rows = Delivery.objects.using("system").filter(stream=stream, status=DeliveryStatus.PENDING)
    return rows.first()


def _open(claimed: _Claimed) -> Delivery | None:
    """Write down the next batch, unless the claim was lost or there is nothing to send."""
    with transaction.atomic("system"):
        rows = Stream.objects.using("system").select_for_update()
        stream = rows.filter(pk=claimed.stream.pk, claim=claimed.token).first()
        if stream is None:
            return None
        events = Event.objects.using("system").filter(
            link__organization_id=stream.organization_id, link__sequence__gt=stream.cursor
        )
        places = events.order_by("link__sequence").values_list("link__sequence", flat=True)
        found = list(places[:MAX_EVENTS])
        if not found:
            return None
        return Delivery.objects.using("system").create(
            organization_id=stream.organization_id,
            stream=stream,
            first_sequence=found[0],
            last_sequence=found[-1],
        )


def _batch(delivery: Delivery) -> Batch:
    rows = Event.objects.using("system").select_related("link")
    events = rows.filter(
        link__organization_id=delivery.organization_id,
        link__sequence__range=(delivery.first_sequence, delivery.last_sequence),
    ).order_by("link__sequence")
    shapes = [to_json(event) for event in events]
    return Batch(delivery.pk, delivery.organization_id, delivery.stream_id, shapes)


def _finish(claimed: _Claimed, delivery: Delivery) -> bool:
    now = clock.now()
    with transaction.atomic("system"):
        is_ours = claimed.update(
            cursor=delivery.last_sequence, attempts=0, last_error="", last_delivered_at=now
        )
        if is_ours:
            Delivery.objects.using("system").filter(pk=delivery.pk).update(
                status=DeliveryStatus.DELIVERED, attempts=F("attempts") + 1,
                error="", delivered_at=now,
            )  # fmt: skip
            claimed.stream.attempts = 0
    return is_ours


def _postpone(claimed: _Claimed, delivery: Delivery, error: str) -> None:
    """Twice as long after each failure, up to an hour."""
    attempts = claimed.stream.attempts + 1
    pause_s = min(_FIRST_BACK_OFF_S * 2 ** min(attempts - 1, 20), _LAST_BACK_OFF_S)
    _log.warning("stream_not_delivered", stream_id=str(claimed.stream.pk), attempts=attempts)
    with transaction.atomic("system"):
        is_ours = claimed.update(
            attempts=attempts,
            last_error=error[:_MAX_ERROR],
            next_attempt_at=clock.now() + timedelta(seconds=pause_s),
        )
        if is_ours:
            Delivery.objects.using("system").filter(pk=delivery.pk).update(
                attempts=F("attempts") + 1, error=error[:_MAX_ERROR]
            )
