"""Reads of accounts."""

from uuid import UUID

from accounts.addresses import normalized_email
from accounts.models import User


def find_user_by_email(email: str) -> User | None:
    return User.objects.filter(email=normalized_email(email)).first()


def find_user(user_id: UUID) -> User | None:
    return User.objects.filter(pk=user_id).first()
