"""Signing in and proving oneself again: throttled, audited, and silent about which accounts exist.

The face keeps the session; here each secret is checked, and each check that fails leaves an event.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta

from allauth.mfa.models import Authenticator

from accounts.addresses import normalized_email
from accounts.models import User
from accounts.passwords import verified
from accounts.queries import find_user_by_email
from accounts.second_factors import check_code
from accounts.throttle import (
    Bounds,
    TooManyAttempts,
    counted_guess,
    require_attempts_left,
    site_of,
)
from audit import context
from audit.actions import Action
from audit.record import record_unbound
from kit.errors import Unauthenticated
from orgs.account_verbs import account_target, person, refuse
from orgs.queries import grants_of
from orgs.ways_in import SsoRequired, WayIn, is_break_glass, require_way_open

PASSWORD_GUESSES = "sign-in"  # noqa: S105 - what is counted
_CODE_GUESSES = "second-factor"
_CONFIRMATIONS = "confirm"
# Only who knows the password gets here: the owner is not locked out by strangers.
_CODE_BOUNDS = Bounds(subject_window=timedelta(days=1))
_PASSKEYS_PER_PLACE = 50


def check_password(email: str, password: str) -> User:
    """The person, proven by password alone. Raises `Unauthenticated` or `TooManyAttempts`.

    Unknown address and wrong password get the same answer after the same time.
    """
    user = find_user_by_email(email)
    with (
        _refusals_kept(user, Action.USER_SIGNED_IN),
        counted_guess(
            PASSWORD_GUESSES, subject=normalized_email(email), place=context.current().ip
        ),
    ):
        if not verified(user, password) or user is None:
            raise Unauthenticated("The e-mail address or the password is wrong.")
    return user


def check_second_factor(user: User, code: str) -> Authenticator:
    """The second step: a code of the app, or a recovery code."""
    guess = counted_guess(
        _CODE_GUESSES, subject=str(user.pk), place=context.current().ip, bounds=_CODE_BOUNDS
    )
    with _refusals_kept(user, Action.USER_SIGNED_IN), guess:
        return check_code(user, code)


def count_passkey_offer() -> None:
    """A challenge is kept for whoever asks: few for each place."""
    require_attempts_left("passkey-offer", _place(), limit=_PASSKEYS_PER_PLACE)


def check_passkey(proven: Callable[[], Authenticator]) -> Authenticator:
    """Signing in by a passkey alone; the face's `proven` verifies what the browser answered.

    Signatures are not guessed, but checking them is work: bounded for each place. Who owns a
    passkey that fails is only claimed, so its refusal is nobody's.
    """
    with _refusals_kept(None, Action.USER_SIGNED_IN):
        require_attempts_left("passkey", _place(), limit=_PASSKEYS_PER_PLACE)
        return proven()


def check_second_passkey(user: User, proven: Callable[[], Authenticator]) -> Authenticator:
    """The second step by one of the person's passkeys."""
    guess = counted_guess(
        _CODE_GUESSES, subject=str(user.pk), place=context.current().ip, bounds=_CODE_BOUNDS
    )
    with _refusals_kept(user, Action.USER_SIGNED_IN), guess:
        return proven()


def admit(user: User, way: WayIn, *, by: Sequence[str]) -> None:
    """All steps are taken: without its event the session does not begin. Raises `SsoRequired`
    where the person's own proofs are no way in."""
    grants = grants_of(user.pk)
    try:
        require_way_open(user, grants, way)
    except SsoRequired as error:
        refuse(person(user), Action.USER_SIGNED_IN, account_target(user), error)
        raise
    beside = {"beside_sso": "yes"} if is_break_glass(user, grants) else {}
    _record(user, Action.USER_SIGNED_IN, by=", ".join(by), **beside)


def sign_out(user: User) -> None:
    """Record that a person ended a session; the face drops the session itself."""
    _record(user, Action.USER_SIGNED_OUT)


def confirm_by_password(user: User, password: str) -> None:
    """The signed-in person proves by password that it is still them."""
    with _confirming(user):
        if not verified(user, password):
            raise Unauthenticated("The password is wrong.", field="password")
    _record(user, Action.USER_CONFIRMED, by="password")


def confirm_by_code(user: User, code: str) -> Authenticator:
    with _confirming(user):
        factor = check_code(user, code)
    _record(user, Action.USER_CONFIRMED, by=str(factor.type))
    return factor


def confirm_by_passkey(user: User, proven: Callable[[], Authenticator]) -> Authenticator:
    with _confirming(user):
        factor = proven()
    _record(user, Action.USER_CONFIRMED, by=str(factor.type))
    return factor


@contextmanager
def _confirming(user: User) -> Iterator[None]:
    """Counted apart from sign-in: strangers at the sign-in page do not reach this counter."""
    guess = counted_guess(_CONFIRMATIONS, subject=str(user.pk), place=context.current().ip)
    with _refusals_kept(user, Action.USER_CONFIRMED), guess:
        yield


def _place() -> str:
    return site_of(context.current().ip)


def _record(user: User, action: Action, **parameters: str) -> None:
    """An act that changes no row: its event is all there is to commit."""
    record_unbound(person(user), action, target=account_target(user), **parameters)


@contextmanager
def _refusals_kept(user: User | None, action: Action) -> Iterator[None]:
    try:
        yield
    except (Unauthenticated, TooManyAttempts) as error:
        refuse(person(user), action, account_target(user), error)
        raise
