"""An organization's audit log: searching it, one event, exporting it, and how its chain stands."""

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from access.actor import Actor
from access.decide import require
from access.permissions import Permission
from audit.actions import Action
from audit.export import ExportForm, lines
from audit.installation import verify_installation
from audit.models import Chain, Event
from audit.record import record
from audit.search import EventFilter, Page, matching, page
from audit.verification import Report
from kit.errors import NotFound
from orgs.models import Organization
from orgs.tenancy import tenant
from orgs.verbs import verb

_EVERYTHING = EventFilter()
_ROWS_A_TRANSACTION = 1_000


@dataclass(frozen=True, slots=True)
class ChainState:
    """How long the chain is, and up to where a signed head vouches for it."""

    sequence: int
    signed_sequence: int


def search_events(
    actor: Actor,
    organization: Organization,
    wanted: EventFilter = _EVERYTHING,
    *,
    before: int | None = None,
    limit: int = 50,
) -> Page:
    """The newest events that fit, from below the sequence `before`."""
    require(actor, Permission.AUDIT_READ, organization.scope)
    with tenant(organization.pk):
        return page(organization.pk, wanted, before=before, limit=limit)


def get_event(actor: Actor, organization: Organization, event_id: UUID) -> Event:
    require(actor, Permission.AUDIT_READ, organization.scope)
    with tenant(organization.pk):
        found = matching(organization.pk, _EVERYTHING).filter(pk=event_id).first()
    if found is None:
        raise NotFound("Audit event not found.")
    return found


@verb(Action.AUDIT_EXPORTED)
def export_events(
    actor: Actor,
    organization: Organization,
    *,
    form: ExportForm,
    wanted: EventFilter = _EVERYTHING,
) -> Iterator[bytes]:
    """The lines of all events that fit and happened before the export, the oldest first.

    They are read while they are sent, each thousand in a transaction of its own.
    """
    require(actor, Permission.AUDIT_READ, organization.scope)
    last = _chain(organization).sequence
    matching(organization.pk, wanted)  # a filter that cannot be used is refused here
    record(
        actor,
        Action.AUDIT_EXPORTED,
        target=organization.audit_target(),
        format=str(form),
        filter=wanted.narrowed(),
    )
    return lines(_all_matching(organization.pk, wanted, last), form)


def chain_state(actor: Actor, organization: Organization) -> ChainState:
    require(actor, Permission.AUDIT_READ, organization.scope)
    with tenant(organization.pk):
        chain = _chain(organization)
    return ChainState(chain.sequence, chain.signed_sequence)


def verify_events(actor: Actor, organization: Organization) -> Report:
    """Follow the organization's whole chain, and compare it with its signed heads."""
    require(actor, Permission.AUDIT_READ, organization.scope)
    (report,) = verify_installation(only=organization.pk)
    return report


def _chain(organization: Organization) -> Chain:
    found = Chain.objects.filter(organization_id=organization.pk).first()
    return found or Chain(organization_id=organization.pk)


def _all_matching(organization_id: UUID, wanted: EventFilter, last: int) -> Iterator[Event]:
    after = 0
    while True:
        with tenant(organization_id):
            rows = matching(organization_id, wanted).filter(
                link__sequence__gt=after, link__sequence__lte=last
            )
            found = list(rows.order_by("link__sequence")[:_ROWS_A_TRANSACTION])
        yield from found
        if len(found) < _ROWS_A_TRANSACTION:
            return
        after = found[-1].link.sequence
