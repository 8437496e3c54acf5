"""Reads of connections and of what belongs to them; those that cross tenants say why."""

from uuid import UUID

from access.actor import Actor
from access.decide import require
from access.permissions import Permission
from kit.errors import NotFound
from orgs.models import EmailDomain, Organization
from orgs.tenancy import tenant
from sso.models import IdpCertificate, SamlConnection, SpKeyPair, Status, TestSignOn


def connections_of(actor: Actor, organization: Organization) -> list[SamlConnection]:
    require(actor, Permission.SSO_WRITE, organization.scope)
    with tenant(organization.pk):
        rows = SamlConnection.objects.filter(organization=organization)
        return list(rows.select_related("organization").order_by("created_at", "id"))


def get_connection(actor: Actor, organization: Organization, connection_id: UUID) -> SamlConnection:
    require(actor, Permission.SSO_WRITE, organization.scope)
    with tenant(organization.pk):
        rows = SamlConnection.objects.filter(organization=organization, pk=connection_id)
        found = rows.select_related("organization").first()
    if found is None:
        raise NotFound("There is no such connection.")
    return found


def certificates_of(connection: SamlConnection) -> list[IdpCertificate]:
    with tenant(connection.organization_id):
        return list(connection.certificates.order_by("created_at", "id"))


def key_pairs_of(connection: SamlConnection) -> list[SpKeyPair]:
    """The current pair before the next."""
    with tenant(connection.organization_id):
        return list(connection.key_pairs.order_by("state"))


def domains_of(actor: Actor, organization: Organization) -> list[EmailDomain]:
    require(actor, Permission.SSO_WRITE, organization.scope)
    with tenant(organization.pk):
        rows = EmailDomain.objects.filter(organization=organization)
        return list(rows.select_related("organization").order_by("domain"))


def get_domain(actor: Actor, organization: Organization, domain_id: UUID) -> EmailDomain:
    found = next((one for one in domains_of(actor, organization) if one.pk == domain_id), None)
    if found is None:
        raise NotFound("There is no such domain.")
    return found


def get_test(actor: Actor, connection: SamlConnection, test_id: UUID) -> TestSignOn:
    require(actor, Permission.SSO_WRITE, connection.organization.scope)
    with tenant(connection.organization_id):
        found = connection.tests.filter(pk=test_id).first()
    if found is None:
        raise NotFound("There is no such test.")
    return found


def find_connection(connection_id: UUID) -> SamlConnection:
    """By the id in its URLs, before anybody has signed in. Crosses tenants."""
    rows = SamlConnection.objects.using("system").select_related("organization")
    found = rows.filter(pk=connection_id).first()
    if found is None:
        raise NotFound("There is no such connection.")
    return found


def find_active_connection(organization_id: UUID) -> SamlConnection | None:
    """The one that lets people of an organization in. Crosses tenants."""
    rows = SamlConnection.objects.using("system").select_related("organization")
    return rows.filter(organization_id=organization_id, status=Status.ACTIVE).first()


def find_connection_of_domain(domain: str) -> SamlConnection | None:
    """Where somebody with such an address signs in, if anywhere. Crosses tenants."""
    rows = EmailDomain.objects.using("system").filter(domain=domain, verified_at__isnull=False)
    owner = rows.values_list("organization_id", flat=True).first()
    return None if owner is None else find_active_connection(owner)


def find_connection_of_slug(slug: str) -> SamlConnection | None:
    """By the organization's name in URLs. Crosses tenants."""
    rows = Organization.objects.using("system").filter(slug=slug)
    found = rows.values_list("pk", flat=True).first()
    return None if found is None else find_active_connection(found)


def locked_connection(connection: SamlConnection) -> SamlConnection:
    """As it is now, held until the verb ends."""
    rows = SamlConnection.objects.select_for_update(of=("self",)).select_related("organization")
    found = rows.filter(pk=connection.pk).first()
    if found is None:
        raise NotFound("There is no such connection.")
    return found


def tests_of(connection: SamlConnection) -> list[TestSignOn]:
    """The newest first."""
    with tenant(connection.organization_id):
        return list(connection.tests.order_by("-id")[:5])
