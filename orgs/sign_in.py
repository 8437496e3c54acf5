"""Signing in with a password: throttled, audited, and silent about which accounts exist."""

from access.actor import Actor
from access.permissions import CredentialKind
from accounts.addresses import normalized_email
from accounts.models import User
from accounts.passwords import verified
from accounts.queries import find_user_by_email
from accounts.throttle import TooManyAttempts, counted_guess
from audit import context
from audit.actions import Action
from audit.record import Target, record_refusal, record_unbound
from kit.errors import Unauthenticated
from orgs.queries import organizations_of


def sign_in(email: str, password: str) -> User:
    """The person, proven by password. Raises `Unauthenticated` or `TooManyAttempts`.

    Unknown address and wrong password get the same answer after the same time.
    """
    user = find_user_by_email(email)
    try:
        proven = _proven(user, email, password)
    except (Unauthenticated, TooManyAttempts) as error:
        if isinstance(error, Unauthenticated) or error.is_first:
            record_refusal(_actor(user), Action.USER_SIGNED_IN, target=_target(user), error=error)
        raise
    record_unbound(_actor(proven), Action.USER_SIGNED_IN, target=_target(proven))
    return proven


def sign_out(user: User) -> None:
    """Record that a person ended a session; the face drops the session itself."""
    record_unbound(_actor(user), Action.USER_SIGNED_OUT, target=_target(user))


def _proven(user: User | None, email: str, password: str) -> User:
    """Guesses at one address from one place are few; from everywhere they are bounded, too."""
    place = context.current().ip
    with counted_guess("sign-in", subject=normalized_email(email), place=place):
        if not verified(user, password) or user is None:
            raise Unauthenticated("The e-mail address or the password is wrong.")
    return user


def _actor(user: User | None) -> Actor:
    # What was typed is not recorded: people type passwords into the wrong field.
    if user is None:
        return Actor(CredentialKind.SESSION, None, "somebody unknown")
    return Actor(CredentialKind.SESSION, user.pk, user.display_name)


def _target(user: User | None) -> Target:
    """The account, within the person's first organization: there its owners look for it."""
    if user is None:
        return Target("user", "", "", None, "")
    home = next(iter(organizations_of(user)), None)
    return Target(
        "user", str(user.pk), user.email, home.pk if home else None, home.name if home else ""
    )
