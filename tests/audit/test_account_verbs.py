"""Every act on a person's account leaves one event: when it succeeds, and when it is refused."""

from collections.abc import Callable
from typing import Any

import pytest

from access.actor import OPERATOR, Actor
from accounts.links import email_change_token, reset_token
from accounts.models import User
from accounts.second_factors import factors_of, new_totp_secret
from audit.models import Event, Outcome
from kit.errors import PermissionDenied
from orgs import operators, passwords, people, profiles, second_factors
from orgs.account_verbs import ACCOUNT_VERBS
from orgs.sessions import end_other_sessions, end_session
from tests.support.codes import codes_now, with_app
from tests.support.sessions import a_session_of
from tests.support.world import PASSWORD, World

NEW = "four wet herons in a row"
Prepared = Callable[[Actor], Any]


def _app(_world: World, user: User) -> Prepared:
    secret = new_totp_secret()
    return lambda actor: second_factors.add_authenticator_app(
        actor, user, secret=secret, code=codes_now(secret)[1]
    )


def _removal(_world: World, user: User) -> Prepared:
    with_app(user)
    factor = factors_of(user)[0]
    return lambda actor: second_factors.remove_second_factor(actor, user, factor_id=factor.pk)


def _renewal(_world: World, user: User) -> Prepared:
    with_app(user)
    return lambda actor: second_factors.renew_codes(actor, user)


def _end(_world: World, user: User) -> Prepared:
    session = a_session_of(user)
    return lambda actor: end_session(actor, user, session_id=session.pk)


def _no_operator_more(_world: World, user: User) -> Prepared:
    operators.add_operator(OPERATOR, user)
    return lambda actor: operators.remove_operator(actor, user)


# For each verb: what prepares it on Bob's account, giving the act as a function of the actor.
CASES: dict[str, Callable[[World, User], Prepared]] = {
    "orgs.passwords.change_password": lambda _world, user: (
        lambda actor: passwords.change_password(actor, user, old=PASSWORD, new=NEW)
    ),
    "orgs.passwords._reset": lambda _world, user: (
        lambda _actor: passwords.reset_password(reset_token(user), password=NEW)
    ),
    "orgs.second_factors.add_authenticator_app": _app,
    "orgs.second_factors.add_passkey": lambda _world, user: (
        lambda actor: second_factors.add_passkey(actor, user, credential={"id": "x"}, name="laptop")
    ),
    "orgs.second_factors.remove_second_factor": _removal,
    "orgs.second_factors.renew_codes": _renewal,
    "orgs.second_factors.remove_all_second_factors": lambda _world, user: (
        lambda actor: second_factors.remove_all_second_factors(actor, user)
    ),
    "orgs.sessions.end_session": _end,
    "orgs.sessions.end_other_sessions": lambda _world, user: (
        lambda actor: end_other_sessions(actor, user, session_key="")
    ),
    "orgs.profiles.change_profile": lambda _world, user: (
        lambda actor: profiles.change_profile(actor, user, name="Robert", theme="dark")
    ),
    "orgs.profiles._change_email": lambda _world, user: (
        lambda _actor: profiles.change_email(email_change_token(user, "bob@new.example"))
    ),
    "orgs.operators.add_operator": lambda _world, user: (
        lambda actor: operators.add_operator(actor, user)
    ),
    "orgs.operators.remove_operator": _no_operator_more,
    "orgs.people.deactivate": lambda _world, user: lambda actor: people.deactivate(actor, user),
    "orgs.people.reactivate": lambda _world, user: lambda actor: people.reactivate(actor, user),
}
# Whoever holds the link may: there is no actor to refuse.
OPEN_TO_ALL = {"orgs.passwords._reset", "orgs.profiles._change_email"}


def events() -> list[Event]:
    return list(Event.objects.using("system").order_by("id"))


def test_every_act_is_in_the_table() -> None:
    assert set(CASES) == set(ACCOUNT_VERBS)


@pytest.mark.parametrize("has_home", [True, False], ids=["member", "without organization"])
@pytest.mark.parametrize("verb", CASES)
def test_a_success_leaves_one_event(world: World, verb: str, *, has_home: bool) -> None:
    user = world.people["bob"] if has_home else User.objects.create_user("l@x.example", PASSWORD)
    act = CASES[verb](world, user)
    before = len(events())
    act(OPERATOR)
    (event,) = events()[before:]
    assert (event.action, event.outcome) == (ACCOUNT_VERBS[verb], Outcome.SUCCESS)
    assert event.organization_id == (world.organization.pk if has_home else None)
    assert (event.request_id, event.ip, event.source) == ("test-request", "192.0.2.1", "console")
    assert "{" not in event.sentence
    assert PASSWORD not in str(event.parameters)
    assert NEW not in str(event.parameters)


@pytest.mark.parametrize("verb", sorted(set(CASES) - OPEN_TO_ALL))
def test_the_owner_of_the_organization_is_denied_and_leaves_one_event(
    world: World, verb: str
) -> None:
    act = CASES[verb](world, world.people["bob"])
    before, was = len(events()), User.objects.filter(pk=world.people["bob"].pk).values()[0]
    with pytest.raises(PermissionDenied):
        act(world.alice)
    (event,) = events()[before:]
    assert (event.action, event.outcome) == (ACCOUNT_VERBS[verb], Outcome.DENIED)
    assert event.actor_name == "Alice"
    assert User.objects.filter(pk=world.people["bob"].pk).values()[0] == was
