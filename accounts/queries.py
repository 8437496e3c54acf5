"""Reads of accounts."""

from uuid import UUID

from accounts.addresses import is_address, normalized_email
from accounts.models import User


def find_user_by_email(email: str) -> User | None:
    """Whatever was typed: what cannot be an address belongs to nobody."""
    if not is_address(email):
        return None
    return User.objects.filter(email=normalized_email(email)).first()


def find_user(user_id: UUID) -> User | None:
    return User.objects.filter(pk=user_id).first()


def find_user_by_id(user_id: str) -> User | None:
    """By the text of an id, as tasks pass it."""
    return find_user(UUID(user_id))


def locked_user(user: User) -> User:
    """The account as it is now, held until the transaction ends: decide on this."""
    return User.objects.select_for_update().get(pk=user.pk)
