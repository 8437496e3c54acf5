"""Verbs of the operator's access for support, for tests/audit/test_verbs.py."""

from collections.abc import Callable
from typing import Any

from access.actor import OPERATOR, Actor
from access.permissions import CredentialKind
from orgs.operators import add_operator
from orgs.support import end_support, grant_support, look, request_support, support_actor
from orgs.ways_in import WayIn
from tests.support.world import World

Prepared = Callable[[World], Callable[[Actor], Any]]


def _request(world: World) -> Callable[[Actor], Any]:
    return lambda actor: request_support(actor, world.organization, reason="ticket 4711")


def _grant(world: World) -> Callable[[Actor], Any]:
    """No operator grants it (tests/orgs/test_support.py): where one is tried, an owner does."""

    def act(actor: Actor) -> None:
        by = world.alice if actor.is_unbounded else actor
        grant_support(by, world.organization, reason="ticket 4711", hours=1)

    return act


def _end(world: World) -> Callable[[Actor], Any]:
    grant_support(world.alice, world.organization, reason="ticket 4711", hours=1)
    return lambda actor: end_support(actor, world.organization)


def _look(world: World) -> Callable[[Actor], Any]:
    """Only who was let in looks."""
    grant_support(world.alice, world.organization, reason="ticket 4711", hours=1)
    olga = world.people["mallory"]
    add_operator(OPERATOR, olga)
    olga.refresh_from_db()
    found = support_actor(olga, WayIn(), world.organization)
    assert found.kind is CredentialKind.SUPPORT

    def act(actor: Actor) -> None:
        by = found if actor.is_unbounded else actor
        look(by, world.organization, method="GET", path="/o/pine")

    return act


SUPPORT_CASES: dict[str, Prepared] = {
    "orgs.support.request_support": _request,
    "orgs.support.grant_support": _grant,
    "orgs.support.end_support": _end,
    "orgs.support.look": _look,
}
