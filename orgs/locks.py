"""The organization's row as a lock: who belongs, who owns and what fits is decided in turn."""

from uuid import UUID

from kit.errors import NotFound
from orgs.models import Organization


def locked(organization_id: UUID) -> Organization:
    """The organization as it is now, held until the verb ends."""
    # Without the key, so that rows which refer to the organization need not wait.
    rows = Organization.objects.select_for_update(no_key=True)
    found = rows.filter(pk=organization_id).first()
    if found is None:
        raise NotFound("Organization not found.")
    return found
