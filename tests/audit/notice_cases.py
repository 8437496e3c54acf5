"""Verbs of notices, for tests/audit/test_verbs.py."""

from collections.abc import Callable
from typing import Any

from access.actor import OPERATOR, Actor
from notices.own import choose_mail, dismiss_notice
from notices.queries import notices_for
from notices.settlement import settle
from tests.support.world import World
from tests.webhooks.hooks import hook
from webhooks.endpoints import disable_webhook

Prepared = Callable[[World], Callable[[Actor], Any]]


def _dismissal(world: World) -> Callable[[Actor], Any]:
    disable_webhook(OPERATOR, hook(world.project).webhook, reason="gone")
    settle()
    (notice,) = notices_for(OPERATOR, world.organization, world.people["alice"])
    alice = world.people["alice"]
    return lambda actor: dismiss_notice(actor, notice, user=alice)


def _mail(world: World) -> Callable[[Actor], Any]:
    alice = world.people["alice"]
    return lambda actor: choose_mail(actor, world.organization, user=alice, is_wanted=True)


NOTICE_CASES: dict[str, Prepared] = {
    "notices.own.dismiss_notice": _dismissal,
    "notices.own.choose_mail": _mail,
}
