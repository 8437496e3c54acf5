"""What the tests of webhooks share: making one, waiting being over, reading what was kept."""

from collections.abc import Sequence
from typing import Any

from access.actor import OPERATOR
from kit import clock
from orgs.models import Organization
from projects.models import Project
from webhooks.endpoints import NewSecret, create_webhook
from webhooks.models import Attempt, Delivery, Webhook

URL = "https://receiver.invalid/hook"


def hook(
    place: Organization | Project, url: str = URL, *, events: Sequence[str] = ("api_key.created",)
) -> NewSecret:
    return create_webhook(OPERATOR, place, name="hook", url=url, events=events)


def come_due(webhook: Webhook, **changes: Any) -> None:
    """As if the pause had passed."""
    rows = Delivery.objects.using("system").filter(webhook=webhook)
    rows.update(**{"next_attempt_at": clock.now(), **changes})


def stored(webhook: Webhook) -> Webhook:
    return Webhook.objects.using("system").get(pk=webhook.pk)


def outbox(webhook: Webhook) -> list[Delivery]:
    return list(Delivery.objects.using("system").filter(webhook=webhook).order_by("id"))


def tries(delivery: Delivery) -> list[Attempt]:
    return list(Attempt.objects.using("system").filter(delivery=delivery).order_by("id"))
