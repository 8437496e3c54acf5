"""Adding and removing second factors, renewing recovery codes: one event, one notice each."""

from typing import Any

from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.internal.auth import WebAuthn

from access.actor import Actor
from accounts.models import User
from accounts.queries import locked_user
from accounts.second_factors import (
    Kind,
    add_totp,
    ensure_recovery_codes,
    factors_of,
    find_factor,
    has_second_factor,
    name_of,
    remove,
    renew_recovery_codes,
)
from accounts.throttle import counted_guess
from audit import context
from audit.actions import Action
from kit.errors import FailedPrecondition
from orgs.account_verbs import account_verb, record_act, require_operator, require_self, tell
from orgs.queries import owner_ids_of
from orgs.ways_in import requiring_organization

_MAX_NAME = 80


@account_verb(Action.USER_FACTOR_ADDED)
def add_authenticator_app(actor: Actor, user: User, *, secret: str, code: str) -> list[str] | None:
    """Recovery codes where these are the person's first ones."""
    require_self(actor, user)
    locked_user(user)
    with counted_guess("new-factor", subject=str(user.pk), place=context.current().ip):
        add_totp(user, secret=secret, code=code)
    return _added(actor, user, "an authenticator app")


@account_verb(Action.USER_FACTOR_ADDED)
def add_passkey(
    actor: Actor, user: User, *, credential: dict[str, Any], name: str
) -> list[str] | None:
    """`credential` is what the browser answered, and the face has verified."""
    require_self(actor, user)
    locked_user(user)
    WebAuthn.add(user, name.strip()[:_MAX_NAME] or "Passkey", credential)
    return _added(actor, user, "a passkey")


@account_verb(Action.USER_FACTOR_REMOVED)
def remove_second_factor(actor: Actor, user: User, *, factor_id: int) -> None:
    require_self(actor, user)
    if not actor.is_unbounded:
        _require_way_around(user, factor_id=factor_id)
    locked_user(user)
    factor = find_factor(user, factor_id)
    name = name_of(factor)
    remove(factor)
    record_act(actor, Action.USER_FACTOR_REMOVED, user, name=name)
    tell(user, f"A second factor was removed from your account: {name}")


@account_verb(Action.USER_RECOVERY_CODES_RENEWED)
def renew_codes(actor: Actor, user: User) -> list[str]:
    """New recovery codes, shown once; the old ones stop working."""
    require_self(actor, user)
    locked_user(user)
    codes = renew_recovery_codes(user)
    record_act(actor, Action.USER_RECOVERY_CODES_RENEWED, user)
    tell(user, "Your recovery codes were renewed")
    return codes


@account_verb(Action.USER_FACTOR_REMOVED)
def remove_all_second_factors(actor: Actor, user: User) -> None:
    """For people who lost everything: the operator has made sure who asks."""
    require_operator(actor)
    locked_user(user)
    Authenticator.objects.filter(user=user).delete()
    record_act(actor, Action.USER_FACTOR_REMOVED, user, name="all")
    tell(user, "All second factors were removed from your account")


def _require_way_around(user: User, *, factor_id: int) -> None:
    """Raise `FailedPrecondition` where no owner would get in any more while the identity provider
    of an organization that requires single sign-on is out of reach. Whoever operates the
    installation still may."""
    closed = requiring_organization(user.email)
    owners = [] if closed is None else owner_ids_of(closed)
    if closed is None or user.pk not in owners:
        return
    # Held in one order, so that of two owners who remove theirs at once one is refused.
    held = User.objects.select_for_update().filter(pk__in=owners).order_by("pk")
    able = [one.pk for one in held if one.is_active and has_second_factor(one)]
    others = [one for one in factors_of(user) if one.type != Kind.RECOVERY_CODES]
    if able == [user.pk] and [one.pk for one in others] == [factor_id]:
        raise FailedPrecondition(
            f"{closed.name} requires single sign-on, and this is the last second factor by which "
            "an owner gets in while its identity provider is out of reach: add another one first."
        )


def _added(actor: Actor, user: User, what: str) -> list[str] | None:
    codes = ensure_recovery_codes(user)
    record_act(actor, Action.USER_FACTOR_ADDED, user, name=what)
    tell(user, f"Your account has a new second factor: {what}")
    return codes
