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
