"""Caps on what is used in a month and taken in a second, which the operator may give."""

from collections.abc import Mapping
from dataclasses import dataclass

from access.actor import Actor
from access.decide import require
from access.permissions import Permission
from audit.actions import Action
from audit.record import record
from billing.models import Caps
from kit.errors import InvalidArgument, PermissionDenied
from orgs.locks import locked
from orgs.models import Organization
from orgs.plans import Plan
from orgs.tenancy import tenant
from orgs.verbs import verb
from storage.rate_limits import parse_rates

_MOST = 2**62


@dataclass(frozen=True, slots=True)
class MonthlyUnits:
    """None: only capacity bounds them."""

    read: int | None = None
    write: int | None = None


UNBOUNDED = MonthlyUnits()
NO_RATES: Mapping[str, int] = {}

# Pinecone's own caps, as a preset; nobody has them unless the operator says so.
PRESET: dict[Plan, MonthlyUnits] = {
    Plan.STARTER: MonthlyUnits(read=1_000_000, write=2_000_000),
    Plan.STANDARD: UNBOUNDED,
    Plan.ENTERPRISE: UNBOUNDED,
    Plan.DEDICATED: UNBOUNDED,
}


def caps_of(actor: Actor, organization: Organization) -> Caps:
    """Those that the organization has; empty ones where the operator never gave any."""
    require(actor, Permission.BILLING_READ, organization.scope)
    with tenant(organization.pk):
        found = Caps.objects.filter(organization=organization).first()
    return found or Caps(organization=organization)


@verb(Action.ORGANIZATION_CAPS_CHANGED)
def set_caps(
    actor: Actor,
    organization: Organization,
    *,
    units: MonthlyUnits,
    rates: Mapping[str, int] = NO_RATES,
) -> Caps:
    """Replace all caps. Nodes hear of it with their next look, within seconds."""
    if not actor.is_unbounded:
        raise PermissionDenied("Only the operator of this installation may do this.")
    for cap in (units.read, units.write):
        if cap is not None and not 0 <= cap <= _MOST:
            raise InvalidArgument("A cap is a number of units, from 0 up.")
    chosen = {str(name): rate for name, rate in parse_rates(rates).items()}
    organization = locked(organization.pk)
    rows = Caps.objects.filter(organization=organization)
    caps = rows.first() or Caps(organization=organization)
    previous = MonthlyUnits(caps.read_units_per_month, caps.write_units_per_month)
    caps.read_units_per_month, caps.write_units_per_month = units.read, units.write
    caps.rates = chosen
    caps.save()
    record(
        actor,
        Action.ORGANIZATION_CAPS_CHANGED,
        target=organization.audit_target(),
        read_units=units.read,
        write_units=units.write,
        rates=chosen,
        previous=[previous.read, previous.write],
    )
    return caps
