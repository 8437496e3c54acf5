"""Signing up: an address is proven first, then its owner makes the account.

Strangers may where the operator allows it; whoever holds an invitation may with the invited
address. Until the link in the mail was followed there is no account, so nobody can take an address
that is not theirs, and nobody learns which addresses have accounts.
"""

from datetime import timedelta

from django.db import transaction

from accounts.addresses import checked_email
from accounts.letters import Letter, post
from accounts.links import ProvenAddress, read_sign_up_token
from accounts.models import User
from accounts.throttle import counted_guess, require_attempts_left, site_of
from audit import context
from audit.actions import Action
from audit.record import record_unbound
from kit.environment import environment
from kit.errors import Forbidden, StonepineError
from orgs.account_verbs import account_target, person
from orgs.members import new_account
from orgs.refusals import keep_refusal
from orgs.ways_in import require_own_secrets

_HOUR = timedelta(hours=1)
_LETTERS_PER_ADDRESS = 3
_LETTERS_PER_PLACE = 20


def is_open_to_all() -> bool:
    return environment().sign_up


def require_open() -> None:
    if not is_open_to_all():
        raise Forbidden(
            "Accounts here are made by invitation: ask an owner of your organization for one."
        )


def request_sign_up(email: str, *, next: str = "") -> None:  # noqa: A002 - the query's own name
    """Send the link that makes the account. The same for addresses that have one already."""
    require_open()
    address = checked_email(email)
    require_letters_left("sign-up", address)
    post(Letter.SIGN_UP, address, next=next)


def open_sign_up_link(token: str) -> ProvenAddress:
    """The address that a link still proves; raises `NotFound`."""
    with counted_guess("sign-up-link", subject=token[:64], place=context.current().ip):
        return read_sign_up_token(token)


def sign_up(*, email: str, name: str, password: str) -> User:
    """Make the account of a proven address: its owner followed our link, or was invited there."""
    try:
        return _sign_up(email=email, name=name, password=password)
    except StonepineError as error:
        keep_refusal(person(None), Action.USER_SIGNED_UP, target=account_target(None), error=error)
        raise


def require_letters_left(kind: str, address: str) -> None:
    """Few letters to one mailbox, and not many on behalf of one place."""
    place = site_of(context.current().ip)
    require_attempts_left(f"{kind}-letter", address, limit=_LETTERS_PER_ADDRESS, window=_HOUR)
    require_attempts_left(f"{kind}-letters", place, limit=_LETTERS_PER_PLACE, window=_HOUR)


def _sign_up(*, email: str, name: str, password: str) -> User:
    require_own_secrets(email)
    with transaction.atomic():
        user = new_account(email=email, name=name, password=password)
        # Last, because the system role's connection commits it at once.
        record_unbound(person(user), Action.USER_SIGNED_UP, target=account_target(user))
    return user
