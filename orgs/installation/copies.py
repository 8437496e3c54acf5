"""The installation as a whole: copies of its control plane, and coming back out of one."""

from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from access.actor import Actor
from audit.actions import Action
from audit.heads import Head
from audit.models import NO_ORGANIZATION, Event
from audit.record import Target, record, record_unbound
from audit.signing import begin_epochs
from orgs.models import Organization
from orgs.tenancy import tenant

_TARGET = Target("installation", "installation", "installation", None, "")


def note_dump(actor: Actor, *, made_at: str) -> None:
    """That a copy of everything in the database is about to leave it."""
    _note(actor, Action.INSTALLATION_DUMPED, made_at=made_at)


def note_restoration(actor: Actor, openings: list[Head], *, made_at: str, **counts: Any) -> None:
    """That this database is a copy of that moment, with the object store's records.

    Each chain that was longer once says so in an event of its own, and its signed opening vouches
    for it (`audit.signing.open_epochs`, taken before anything was recorded).
    """
    cut = {head.organization_id: _told(head) for head in openings}
    for organization in Organization.objects.using("system").filter(pk__in=cut):
        with tenant(organization.pk):
            told, target = cut[organization.pk], organization.audit_target()
            record(actor, Action.AUDIT_RESTORED, target=target, copied_at=made_at, **told)
    own = cut.get(NO_ORGANIZATION, {})
    _note(actor, Action.INSTALLATION_RESTORED, made_at=made_at, **counts, **own)
    begin_epochs(openings)


def note_drill(actor: Actor, *, made_at: str, drilled_at: str, **counts: Any) -> None:
    """That a dump of that moment was restored elsewhere, completely."""
    _note(actor, Action.INSTALLATION_DRILL_PASSED, made_at=made_at, drilled_at=drilled_at, **counts)


def drills() -> QuerySet[Event]:
    """The restores elsewhere that were noted, the newest first. Crosses tenants."""
    events = Event.objects.using("system").filter(target_type=_TARGET.type)
    return events.filter(action=Action.INSTALLATION_DRILL_PASSED).order_by("-pk")


def note_take_over(actor: Actor) -> None:
    """That the object store is this installation's from now on."""
    _note(actor, Action.OBJECT_STORE_TAKEN_OVER)


def _told(head: Head) -> dict[str, int]:
    assert head.opening is not None
    return {"after_sequence": head.sequence, "lost_sequence": head.opening.lost_sequence}


def _note(actor: Actor, action: Action, **parameters: Any) -> None:
    with transaction.atomic(using="system"):
        record_unbound(actor, action, target=_TARGET, **parameters)
