"""A person's account; what the person may do is held by organizations, not here."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models

from accounts.addresses import normalized_email
from kit import clock
from kit.ids import new_id


class Theme(models.TextChoices):
    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"


class UserManager(BaseUserManager["User"]):
    """Finds people by e-mail address however they typed it."""

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email=normalized_email(username or ""))

    def create_user(self, email: str, password: str | None, **fields: Any) -> User:
        """A saved account; the caller has validated the password, and proven the address or
        vouches for it. Without a password nobody signs in by one. Part of the caller's
        transaction."""
        from allauth.account.models import EmailAddress

        user = self.model(email=normalized_email(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
        return user


class User(AbstractBaseUser):
    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    email = models.CharField(max_length=254, unique=True)
    name = models.CharField(max_length=200, blank=True)
    is_active = models.BooleanField(default=True)
    # Runs this installation: see orgs/operators.py.
    is_operator = models.BooleanField(default=False)
    theme = models.CharField(max_length=8, choices=Theme.choices, default=Theme.SYSTEM)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    def __str__(self) -> str:
        return self.email

    @property
    def display_name(self) -> str:
        return self.name or self.email


class PendingLetter(models.Model):
    """A letter that was not sent yet; the row goes once the mail server has taken it.

    `facts` are never secrets: links are made when it is sent.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    letter = models.CharField(max_length=32)
    to = models.CharField(max_length=254)
    facts = models.JSONField(default=dict)
    attempts = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    next_attempt_at = models.DateTimeField(default=clock.now, db_index=True)

    def __str__(self) -> str:
        return f"{self.letter} to {self.to}"
