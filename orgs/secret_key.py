"""Rotating Django's secret key, which signs sessions and forms: the operator's act."""

from collections.abc import Callable

from django.db import transaction

from access.actor import Actor
from audit.actions import Action
from audit.record import Target, record_unbound

_TARGET = Target("secret_key", "secret_key", "secret key", None, "")


def rotate_secret_key(actor: Actor, change: Callable[[], object]) -> None:
    """`change` keeps a new one, where the installation keeps its secrets."""
    _act(actor, Action.SECRET_KEY_ROTATED, change)


def retire_secret_key(actor: Actor, change: Callable[[], object]) -> None:
    """`change` forgets the one before."""
    _act(actor, Action.SECRET_KEY_RETIRED, change)


def _act(actor: Actor, action: Action, change: Callable[[], object]) -> None:
    with transaction.atomic(using="system"):
        record_unbound(actor, action, target=_TARGET)
        change()
