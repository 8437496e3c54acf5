"""The tokens of links in mail: signed, dated, and good for one purpose and one state."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from uuid import UUID

from django.contrib.auth.tokens import default_token_generator
from django.core import signing
from django.utils.crypto import constant_time_compare, salted_hmac

from accounts.models import User
from accounts.queries import find_user
from kit.errors import NotFound

_DAY = timedelta(days=1)


class Link(StrEnum):
    """What a link of `/verify/<kind>/<token>` proves an address for."""

    SIGN_UP = "account"
    EMAIL_CHANGE = "address"


@dataclass(frozen=True, slots=True)
class ProvenAddress:
    """An address whose owner followed our link, and where to go after signing up."""

    email: str
    next: str = ""


@dataclass(frozen=True, slots=True)
class AddressChange:
    """A proven new address of an account, valid while the account has the old one, and the
    password that it had when the change was asked for."""

    user_id: UUID
    old: str
    new: str
    state: str

    def is_still_of(self, user: User) -> bool:
        """Whoever asked under a password that was replaced since asks no more."""
        return user.email == self.old and constant_time_compare(self.state, _state(user))


def sign_up_token(email: str, *, next: str = "") -> str:  # noqa: A002 - the query's own name
    return signing.dumps({"email": email, "next": next}, salt=Link.SIGN_UP)


def read_sign_up_token(token: str) -> ProvenAddress:
    """Raises `NotFound` where the link is made up or older than a day."""
    return ProvenAddress(**_read(token, Link.SIGN_UP))


def email_change_token(user: User, new: str) -> str:
    content = {"user_id": user.pk.hex, "old": user.email, "new": new, "state": _state(user)}
    return signing.dumps(content, salt=Link.EMAIL_CHANGE)


def read_email_change_token(token: str) -> AddressChange:
    """Raises `NotFound` where the link is made up or older than a day."""
    content = _read(token, Link.EMAIL_CHANGE)
    return AddressChange(UUID(content["user_id"]), content["old"], content["new"], content["state"])


def _state(user: User) -> str:
    return salted_hmac("email change", user.password, algorithm="sha256").hexdigest()[:32]


def reset_token(user: User) -> str:
    """Good for an hour, once, and only until the password, address or last sign-in changes."""
    return f"{user.pk.hex}-{default_token_generator.make_token(user)}"


def subject_of_reset(token: str) -> str:
    """What guesses at reset links are counted by: the account that the link names."""
    return token.partition("-")[0][:32]


def find_user_of_reset(token: str) -> User | None:
    """The active account whose password the link may set, if it is genuine and fresh."""
    named, _, proof = token.partition("-")
    try:
        user = find_user(UUID(hex=named))
    except ValueError:
        return None
    is_genuine = user is not None and default_token_generator.check_token(user, proof)
    return user if is_genuine and user is not None and user.is_active else None


def _read(token: str, kind: Link) -> dict[str, str]:
    try:
        content: dict[str, str] = signing.loads(token, salt=kind, max_age=_DAY)
    except signing.BadSignature:
        raise NotFound("This link is not valid any more: ask for a new one.") from None
    return content
