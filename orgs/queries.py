"""Reads of organizations and of who holds which role; those that cross tenants say why."""

from collections.abc import Sequence
from uuid import UUID

from access.actor import Actor, RoleGrant
from access.decide import require
from access.permissions import CredentialKind, Permission, Role
from accounts.addresses import normalized_email
from accounts.models import User
from audit import context
from audit.models import Event
from audit.queries import recent_events as events_of
from kit.errors import NotFound
from kit.ids import OrganizationId, ProjectId
from orgs.errors import OrganizationSuspended, OutsideNetworks
from orgs.models import (
    Membership,
    Organization,
    PrincipalType,
    ResourceType,
    RoleBinding,
    ServiceAccount,
)
from orgs.tenancy import tenant
from orgs.ways_in import WayIn, reached_by


def organizations_of(user: User) -> list[Organization]:
    """For the switcher: all organizations of a person, by name. Crosses tenants."""
    return list(
        Organization.objects.using("system").filter(memberships__user=user).order_by("name", "id")
    )


def first_organization_of(user: User) -> Organization | None:
    """The one the person has belonged to for longest: no name decides it. Crosses tenants."""
    rows = Membership.objects.using("system").select_related("organization").filter(user=user)
    first = rows.order_by("created_at", "pk").first()
    return None if first is None else first.organization


def belongs_elsewhere(user: User, organization: Organization) -> bool:
    """Whether the person is a member of another organization too. Crosses tenants."""
    rows = Membership.objects.using("system").filter(user=user)
    return rows.exclude(organization=organization).exists()


def owner_ids_of(organization: Organization) -> list[UUID]:
    """The people who own it, for an act on an account of theirs. Crosses tenants."""
    rows = RoleBinding.objects.using("system").filter(
        organization=organization, principal_type=PrincipalType.USER, role=Role.ORG_OWNER
    )
    return list(rows.values_list("principal_id", flat=True))


def grants_of(principal_id: UUID) -> tuple[RoleGrant, ...]:
    """All roles of a principal, but for those in suspended organizations. Crosses tenants."""
    return tuple(map(_grant, _living_bindings(principal_id)))


def session_actor(user: User, way: WayIn | None = None) -> Actor:
    """The person behind a signed-in session, with the roles that it reaches; None: with all."""
    bindings = _living_bindings(user.pk)
    if way is not None:
        bindings = [one for one in bindings if one.organization.admits_people_from(way.address)]
    grants = tuple(map(_grant, bindings))
    if way is not None:
        grants = reached_by(user, grants, way)
    return Actor(CredentialKind.SESSION, user.pk, user.display_name, grants)


def get_organization(actor: Actor, slug: str) -> Organization:
    """The organization, for its members; `NotFound` for strangers. Crosses tenants.

    Members of a suspended organization are told so, and those who come from outside its networks.
    """
    organization = Organization.objects.using("system").filter(slug=slug).first()
    if organization is None or not _belongs(actor, organization):
        raise NotFound(f"Organization {slug} not found.")
    if organization.is_suspended and not actor.is_unbounded:
        raise OrganizationSuspended(
            f"{organization.name} is suspended. Whoever operates this installation can resume it."
        )
    if not actor.is_unbounded and not _is_reached(actor, organization):
        raise _shut_out(organization, slug)
    return organization


def readable_organization(actor: Actor, organization: Organization) -> Organization:
    """The organization as it is now, for whoever holds a role on it."""
    require(actor, Permission.ORGANIZATION_READ, organization.scope)
    with tenant(organization.pk):
        found = Organization.objects.filter(pk=organization.pk).first()
    if found is None:
        raise NotFound("Organization not found.")
    return found


def _belongs(actor: Actor, organization: Organization) -> bool:
    if actor.is_unbounded or _is_reached(actor, organization):
        return True
    # Where nothing is granted just now, the rows still tell who belongs to it.
    is_shut = organization.is_suspended or organization.people_networks
    if not is_shut or actor.principal_id is None:
        return False
    with tenant(organization.pk):
        return RoleBinding.objects.filter(principal_id=actor.principal_id).exists()


def _is_reached(actor: Actor, organization: Organization) -> bool:
    return any(grant.organization_id == organization.pk for grant in actor.grants)


def _shut_out(organization: Organization, slug: str) -> Exception:
    here = context.current().ip
    if organization.admits_people_from(here):
        return NotFound(f"Organization {slug} not found.")
    return OutsideNetworks(
        f"{organization.name} lets its people in from its own networks only, and you come from "
        f"{here or 'an address that is not known'}."
    )


def _living_bindings(principal_id: UUID) -> list[RoleBinding]:
    rows = RoleBinding.objects.using("system").select_related("organization")
    living = rows.filter(principal_id=principal_id, organization__suspended_at=None)
    return list(living.order_by("id"))


def _grant(binding: RoleBinding) -> RoleGrant:
    is_of_project = binding.resource_type == ResourceType.PROJECT
    return RoleGrant(
        role=Role(binding.role),
        organization_id=OrganizationId(binding.organization_id),
        project_id=ProjectId(binding.resource_id) if is_of_project else None,
        binding_id=binding.pk,
    )


def find_organization(reference: str) -> Organization | None:
    """By slug, public id or row id: for the operator's commands. Crosses tenants."""
    rows = Organization.objects.using("system")
    found = rows.filter(slug=reference).first() or rows.filter(public_id=reference).first()
    if found is None:
        try:
            found = rows.filter(pk=UUID(reference)).first()
        except ValueError:
            return None
    return found


def first_organization() -> Organization | None:
    """The oldest one: what set-up and bootstrap work on. Crosses tenants."""
    return Organization.objects.using("system").order_by("id").first()


def find_founded_by(email: str) -> Organization | None:
    """One address founds one organization of the whole installation. Crosses tenants."""
    rows = Organization.objects.using("system")
    return rows.filter(founder_email=normalized_email(email)).first()


def is_organization_slug_taken(slug: str) -> bool:
    """Slugs are unique over the whole installation. Crosses tenants."""
    return Organization.objects.using("system").filter(slug=slug).exists()


def is_only_organization(organization_id: UUID) -> bool:
    """Whether nobody else is on this installation. Crosses tenants."""
    return not Organization.objects.using("system").exclude(pk=organization_id).exists()


def has_owner(organization: Organization) -> bool:
    with tenant(organization.pk):
        return RoleBinding.objects.filter(
            role=Role.ORG_OWNER, principal_type=PrincipalType.USER
        ).exists()


def members(actor: Actor, organization: Organization) -> list[Membership]:
    require(actor, Permission.MEMBER_READ, organization.scope)
    with tenant(organization.pk):
        rows = Membership.objects.filter(organization=organization).select_related("user")
        return list(rows.order_by("user__email"))


def organization_roles(
    actor: Actor, organization: Organization, memberships: Sequence[Membership]
) -> dict[UUID, list[Role]]:
    """What these members hold on the organization itself, by the account's id."""
    require(actor, Permission.MEMBER_READ, organization.scope)
    found: dict[UUID, list[Role]] = {}
    with tenant(organization.pk):
        rows = RoleBinding.objects.filter(
            organization=organization,
            resource_type=ResourceType.ORGANIZATION,
            principal_type=PrincipalType.USER,
            principal_id__in=[one.user_id for one in memberships],
        )
        for principal_id, role in rows.values_list("principal_id", "role"):
            found.setdefault(principal_id, []).append(Role(role))
    return found


def service_accounts(actor: Actor, organization: Organization) -> list[ServiceAccount]:
    require(actor, Permission.SERVICE_ACCOUNT_READ, organization.scope)
    with tenant(organization.pk):
        return list(ServiceAccount.objects.filter(organization=organization).order_by("name", "id"))


def recent_events(actor: Actor, organization: Organization, *, limit: int = 20) -> list[Event]:
    """The organization's newest audit events, newest first."""
    with tenant(organization.pk):
        return events_of(actor, organization.pk, limit=limit)
