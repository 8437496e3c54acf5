"""The secrets of a service account as lists show them; never what opens anything."""

from uuid import UUID

from access.actor import Actor
from access.decide import require
from access.permissions import Permission
from kit.errors import NotFound
from orgs.models import ServiceAccount, ServiceAccountSecret
from orgs.tenancy import tenant


def secrets_of(actor: Actor, account: ServiceAccount) -> list[ServiceAccountSecret]:
    """Oldest first."""
    require(actor, Permission.SERVICE_ACCOUNT_READ, account.organization.scope)
    with tenant(account.organization_id):
        return list(account.secrets.order_by("pk"))


def get_secret(actor: Actor, account: ServiceAccount, secret_id: UUID) -> ServiceAccountSecret:
    require(actor, Permission.SERVICE_ACCOUNT_READ, account.organization.scope)
    with tenant(account.organization_id):
        rows = account.secrets.select_related("service_account__organization")
        found = rows.filter(pk=secret_id).first()
    if found is None:
        raise NotFound(f"Secret {secret_id} not found.")
    return found
