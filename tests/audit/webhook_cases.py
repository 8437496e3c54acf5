"""Verbs of webhooks, for tests/audit/test_verbs.py."""

from collections.abc import Callable
from typing import Any

from access.actor import OPERATOR, Actor
from projects.api_keys import create_api_key
from tests.support.world import World
from tests.webhooks.hooks import URL, hook, outbox
from webhooks.deliveries import redeliver, test_webhook
from webhooks.endpoints import (
    create_webhook,
    delete_webhook,
    disable_webhook,
    enable_webhook,
    rotate_secret,
    update_webhook,
)
from webhooks.models import Webhook

Prepared = Callable[[World], Callable[[Actor], Any]]


def _on(act: Callable[[Actor, Webhook], Any], *, is_enabled: bool = True) -> Prepared:
    def prepared(world: World) -> Callable[[Actor], Any]:
        webhook = hook(world.project).webhook
        if not is_enabled:
            disable_webhook(OPERATOR, webhook)
        return lambda actor: act(actor, webhook)

    return prepared


def _creation(world: World) -> Callable[[Actor], Any]:
    return lambda actor: create_webhook(
        actor, world.project, name="new", url=URL, events=["index.ready"]
    )


def _again(world: World) -> Callable[[Actor], Any]:
    webhook = hook(world.project).webhook
    create_api_key(OPERATOR, world.project, name="told")
    (delivery,) = outbox(webhook)
    return lambda actor: redeliver(actor, webhook, delivery)


WEBHOOK_CASES: dict[str, Prepared] = {
    "webhooks.endpoints.create_webhook": _creation,
    "webhooks.endpoints.update_webhook": _on(
        lambda actor, webhook: update_webhook(actor, webhook, name="renamed")
    ),
    "webhooks.endpoints.disable_webhook": _on(disable_webhook),
    "webhooks.endpoints.enable_webhook": _on(enable_webhook, is_enabled=False),
    "webhooks.endpoints.rotate_secret": _on(rotate_secret),
    "webhooks.endpoints.delete_webhook": _on(delete_webhook),
    "webhooks.deliveries.redeliver": _again,
    "webhooks.deliveries._note_test": _on(test_webhook),
}
