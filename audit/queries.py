"""Reads of the audit log; the caller has opened the tenant."""

from uuid import UUID

from access.actor import Actor, Scope
from access.decide import require
from access.permissions import Permission
from audit.models import Event
from kit.ids import OrganizationId


def recent_events(actor: Actor, organization_id: UUID, *, limit: int = 20) -> list[Event]:
    """The newest events of an organization, newest first. Needs an open `orgs.tenancy.tenant`."""
    require(actor, Permission.AUDIT_READ, Scope(OrganizationId(organization_id)))
    return list(Event.objects.filter(organization_id=organization_id).order_by("-id")[:limit])
