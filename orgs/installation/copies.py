"""The installation as a whole: copies of its control plane, and coming back out of one."""

from typing import Any

from django.db import transaction

from access.actor import Actor
from audit.actions import Action
from audit.record import Target, record_unbound

_TARGET = Target("installation", "installation", "installation", None, "")


def note_dump(actor: Actor, *, made_at: str) -> None:
    """That a copy of everything in the database is about to leave it."""
    _note(actor, Action.INSTALLATION_DUMPED, made_at=made_at)


def note_restoration(actor: Actor, *, made_at: str, **counts: Any) -> None:
    """That this database is a copy of that moment, with the object store's records."""
    _note(actor, Action.INSTALLATION_RESTORED, made_at=made_at, **counts)


def note_drill(actor: Actor, *, made_at: str, drilled_at: str, **counts: Any) -> None:
    """That a dump of that moment was restored elsewhere, completely."""
    _note(actor, Action.INSTALLATION_DRILL_PASSED, made_at=made_at, drilled_at=drilled_at, **counts)


def _note(actor: Actor, action: Action, **parameters: Any) -> None:
    with transaction.atomic(using="system"):
        record_unbound(actor, action, target=_TARGET, **parameters)
