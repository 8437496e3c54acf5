"""Reads of the audit log; the caller has opened the tenant."""

from uuid import UUID

from access.actor import Actor, Scope
from access.decide import require
from access.permissions import Permission
from audit.models import Event
from audit.search import EventFilter, page
from kit.ids import OrganizationId


def recent_events(actor: Actor, organization_id: UUID, *, limit: int = 20) -> list[Event]:
    """The newest events of an organization, newest first. Needs an open `orgs.tenancy.tenant`.

    Along its chain: by their ids, a quiet organization's would be looked for among all that
    busier ones have done since.
    """
    require(actor, Permission.AUDIT_READ, Scope(OrganizationId(organization_id)))
    return page(organization_id, EventFilter(), limit=limit).events
