"""Passwords: checking new ones, verifying old ones, making them for machines."""

import secrets
import threading

from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from accounts.models import User
from kit.errors import InvalidArgument

MIN_LENGTH = 15
# A hash takes 100 MiB: strangers who try passwords side by side wait for each other.
_HASHING = threading.BoundedSemaphore(4)
_MIN_DISTINCT = 5


def generated_password() -> str:
    """A password nobody has to remember: 192 random bits."""
    return secrets.token_urlsafe(24)


def require_good_password(password: str, *, email: str, name: str) -> None:
    """Raise `InvalidArgument` with every rule that the password breaks."""
    if password and len(set(password)) < _MIN_DISTINCT:
        raise InvalidArgument("The password repeats too few characters.", field="password")
    try:
        validate_password(password, User(email=email, name=name))
    except ValidationError as error:
        raise InvalidArgument(" ".join(error.messages), field="password") from None


def verified(user: User | None, password: str) -> bool:
    """Whether the password is the user's; takes as long for nobody as for somebody."""
    with _HASHING:
        if user is None:
            make_password(password)
            return False
        return user.check_password(password) and user.is_active
