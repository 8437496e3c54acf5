"""Delivering: what is due, webhook by webhook, each try written down. Crosses tenants.

A webhook is claimed for a while and its deliveries are sent one after the other; whoever dies in
between leaves them pending, and they are sent again under the same message id.
"""

import json
import random
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from django.db import transaction
from django.db.models import F, Min, Q, Value
from django.db.models.functions import Coalesce

from access.actor import SYSTEM
from kit import clock
from kit.environment import environment
from kit.errors import StonepineError
from kit.outbound import exchange
from orgs.kept import RULES, Kept
from orgs.retention import organizations_that_chose
from orgs.tenancy import tenant
from webhooks.addresses import allowed_places
from webhooks.catalogue import TEST
from webhooks.endpoints import disable_webhook
from webhooks.models import Attempt, Delivery, DeliveryStatus, Webhook
from webhooks.secret_store import opened_secrets, url_of
from webhooks.signature import signed_headers

# Seconds before each further try: a bit more than a day in all.
BACK_OFF_S = (5, 30, 120, 600, 1_800, 3_600, 7_200, 14_400, 28_800, 43_200)
_JITTER = 0.1
_TIMEOUT_S = 15.0
# Longer than sending takes, and short enough that whoever died is soon followed by another.
_CLAIMED_FOR = timedelta(seconds=_TIMEOUT_S + 7)
_RUN = 50
# Of all webhooks, and of one organization's: slow receivers leave workers for other work.
_AT_ONCE, _AT_ONCE_OF_ONE = 4, 2
KEPT_FOR = timedelta(days=RULES[Kept.WEBHOOK_DELIVERIES].most)
_GONE = 410
_USER_AGENT = "Stonepine-Webhook/1"
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Answer:
    """`status` is None where there was none, `error` empty where it was a success."""

    status: int | None
    error: str
    duration_ms: int


def due_webhooks() -> list[UUID]:
    """Webhooks with something to send, the longest waiting first, as many as there is room for.
    Crosses tenants."""
    now = clock.now()
    rows = Webhook.objects.using("system")
    busy = list(rows.filter(claimed_until__gt=now).values_list("organization_id", flat=True))
    due = Q(deliveries__status=DeliveryStatus.PENDING, deliveries__next_attempt_at__lte=now)
    waiting = rows.filter(_is_free(now), due).annotate(since=Min("deliveries__next_attempt_at"))
    found: list[UUID] = []
    for pk, organization_id in waiting.order_by("since", "pk").values_list("pk", "organization_id"):
        if len(busy) >= _AT_ONCE:
            break
        if busy.count(organization_id) < _AT_ONCE_OF_ONE:
            busy.append(organization_id)
            found.append(pk)
    return found


def deliver(webhook_id: UUID) -> int:
    """Send what is due, until one fails; returns how many were taken. Crosses tenants."""
    if not _claim(webhook_id):
        return 0
    taken = 0
    while taken < _RUN and _hold(webhook_id):
        delivery = _next(webhook_id)
        if delivery is None or attempt(delivery).error:
            break
        taken += 1
    Webhook.objects.using("system").filter(pk=webhook_id).update(claimed_until=None)
    return taken


def attempt(delivery: Delivery) -> Attempt:
    """Send it now and write down what came of it; it comes with its webhook and organization.
    Crosses tenants."""
    started_at = clock.now()
    answer = _sent(delivery, started_at)
    tried = Attempt(
        organization_id=delivery.organization_id,
        delivery_id=delivery.pk,
        started_at=started_at,
        duration_ms=answer.duration_ms,
        response_status=answer.status,
        error=answer.error[:300],
    )
    if _write_down(delivery, tried) and _is_hopeless(delivery, answer):
        _turn_off(delivery.webhook, answer)
    return tried


def forget_old_deliveries() -> None:
    """What the log does not keep any more. Crosses tenants."""
    rows, now = Delivery.objects.using("system"), clock.now()
    rows.filter(created_at__lt=now - KEPT_FOR).delete()
    for organization_id, days in organizations_that_chose(Kept.WEBHOOK_DELIVERIES):
        theirs = rows.filter(webhook__organization_id=organization_id)
        theirs.filter(created_at__lt=now - timedelta(days=days)).delete()


def body_of(delivery: Delivery) -> bytes:
    """What is sent and signed, the same bytes with each try."""
    told = {
        "type": delivery.type,
        "timestamp": delivery.occurred_at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "data": {
            "organization_id": delivery.webhook.organization.public_id,
            **delivery.content,
        },
    }
    return json.dumps(told, ensure_ascii=False).encode()


def _claim(webhook_id: UUID) -> bool:
    """False where another worker is at it."""
    now = clock.now()
    rows = Webhook.objects.using("system").filter(pk=webhook_id)
    return rows.filter(_is_free(now)).update(claimed_until=now + _CLAIMED_FOR) > 0


def _hold(webhook_id: UUID) -> bool:
    """For the next exchange; False once the webhook is turned off or gone."""
    rows = Webhook.objects.using("system").filter(pk=webhook_id, disabled_at=None)
    return rows.update(claimed_until=clock.now() + _CLAIMED_FOR) > 0


def _is_free(now: datetime) -> Q:
    is_unclaimed = Q(claimed_until=None) | Q(claimed_until__lte=now)
    return is_unclaimed & Q(disabled_at=None, organization__suspended_at=None)


def _next(webhook_id: UUID) -> Delivery | None:
    rows = Delivery.objects.using("system").select_related("webhook__organization")
    rows = rows.filter(
        webhook_id=webhook_id, status=DeliveryStatus.PENDING, next_attempt_at__lte=clock.now()
    )
    return rows.order_by("next_attempt_at", "id").first()


def _sent(delivery: Delivery, now: datetime) -> _Answer:
    webhook, body = delivery.webhook, body_of(delivery)
    begun = time.perf_counter()
    status, error = None, ""
    try:
        headers = signed_headers(
            opened_secrets(webhook, at=now),
            message_id=delivery.message_id,
            sent_at_s=int(now.timestamp()),
            body=body,
        )
        own = {"Content-Type": "application/json", "User-Agent": _USER_AGENT}
        status = exchange(
            "POST", url_of(webhook), body,
            headers=own | headers, allowed=allowed_places(), timeout_s=_TIMEOUT_S,
        ).status  # fmt: skip
    except StonepineError as failure:
        error = str(failure)
    if status is not None and not 200 <= status < 300:
        error = f"The receiver answered {status}."
    return _Answer(status, error, round((time.perf_counter() - begun) * 1_000))


def _write_down(delivery: Delivery, tried: Attempt) -> bool:
    """False where the delivery has gone meanwhile, with its webhook."""
    now = clock.now()
    with transaction.atomic("system"):
        rows = Delivery.objects.using("system").select_for_update()
        found = rows.filter(pk=delivery.pk).first()
        if found is None:
            return False
        tried.save(using="system", force_insert=True)
        if found.attempts == delivery.attempts:  # else another worker has sent it meanwhile
            _move_on(found, tried, now)
            found.save(using="system")
        hooks = Webhook.objects.using("system").filter(pk=found.webhook_id)
        if not tried.error:
            hooks.update(failing_since=None, last_delivered_at=now)
        elif found.type != TEST:
            hooks.update(failing_since=Coalesce(F("failing_since"), Value(now)))
    return True


def _move_on(delivery: Delivery, tried: Attempt, now: datetime) -> None:
    delivery.attempts += 1
    if not tried.error:
        delivery.status, delivery.finished_at = DeliveryStatus.DELIVERED, now
    elif delivery.type == TEST or delivery.attempts > len(BACK_OFF_S):
        delivery.status, delivery.finished_at = DeliveryStatus.FAILED, now
    else:
        pause_s = BACK_OFF_S[delivery.attempts - 1] * random.uniform(1, 1 + _JITTER)  # noqa: S311 - no secret
        delivery.next_attempt_at = now + timedelta(seconds=pause_s)


def _is_hopeless(delivery: Delivery, answer: _Answer) -> bool:
    if delivery.type == TEST or not answer.error:
        return False
    if answer.status == _GONE:
        return True
    since = delivery.webhook.failing_since
    patience = timedelta(seconds=environment().webhook_patience_s)
    return since is not None and since <= clock.now() - patience


def _turn_off(webhook: Webhook, answer: _Answer) -> None:
    reason = "The receiver answered 410: it is gone."
    if answer.status != _GONE:
        hours = environment().webhook_patience_s // 3_600
        reason = f"Nothing was delivered for {hours} hours. The last failure: {answer.error}"
    _log.warning("webhook_disabled", webhook_id=str(webhook.pk))
    with tenant(webhook.organization_id):
        disable_webhook(SYSTEM, webhook, reason=reason)
