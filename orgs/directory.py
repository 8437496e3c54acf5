"""Who belongs to an organization, page by page: users, role bindings, invitations,
service accounts."""

from collections.abc import Collection
from typing import TypeVar
from uuid import UUID

from django.db.models import Model, Q, QuerySet

from access.actor import Actor, Scope
from access.decide import decide, require
from access.permissions import Permission, Role
from accounts.addresses import is_address, normalized_email
from kit.errors import NotFound
from kit.ids import OrganizationId
from kit.pagination import MAX_LIMIT, Page, checked_limit, page_of
from orgs.models import (
    Invitation,
    Membership,
    Organization,
    PrincipalType,
    ResourceType,
    RoleBinding,
    ServiceAccount,
)
from orgs.tenancy import tenant

M = TypeVar("M", bound=Model)


def users(
    actor: Actor,
    organization: Organization,
    *,
    email: str | None = None,
    text: str = "",
    limit: int = MAX_LIMIT,
    after: UUID | None = None,
) -> Page[Membership]:
    """Members with their accounts, in the order they joined; `text` is in the name or address."""
    require(actor, Permission.MEMBER_READ, organization.scope)
    rows = Membership.objects.filter(organization=organization).select_related("user")
    if email is not None:
        rows = (
            rows.filter(user__email=normalized_email(email)) if is_address(email) else rows.none()
        )
    if text:
        rows = rows.filter(Q(user__email__icontains=text) | Q(user__name__icontains=text))
    return _page(organization, rows, limit=limit, after=after)


def get_member(actor: Actor, organization: Organization, user_id: UUID) -> Membership:
    require(actor, Permission.MEMBER_READ, organization.scope)
    with tenant(organization.pk):
        rows = Membership.objects.filter(organization=organization).select_related("user")
        found = rows.filter(user=user_id).first()
    if found is None:
        raise NotFound(f"User {user_id} not found.")
    return found


def role_bindings(
    actor: Actor,
    organization: Organization,
    *,
    principal_type: PrincipalType | None = None,
    principal_id: UUID | None = None,
    resource_type: ResourceType | None = None,
    resource_id: UUID | None = None,
    role: Role | None = None,
    limit: int = MAX_LIMIT,
    after: UUID | None = None,
) -> Page[RoleBinding]:
    """Those that match and that the actor may see, oldest first."""
    wanted = {
        "principal_type": principal_type,
        "principal_id": principal_id,
        "resource_type": resource_type,
        "resource_id": resource_id,
        "role": role,
    }
    rows = _visible_bindings(actor, organization).filter(
        **{name: value for name, value in wanted.items() if value is not None}
    )
    return _page(organization, rows, limit=limit, after=after)


def roles_of(
    actor: Actor, organization: Organization, principals: Collection[UUID]
) -> dict[UUID, list[RoleBinding]]:
    """What the actor may see of what each of a page's principals holds, oldest first."""
    found: dict[UUID, list[RoleBinding]] = {one: [] for one in principals}
    with tenant(organization.pk):
        rows = _visible_bindings(actor, organization).filter(principal_id__in=principals)
        for binding in rows.order_by("pk"):
            found[binding.principal_id].append(binding)
    return found


def get_role_binding(actor: Actor, organization: Organization, binding_id: UUID) -> RoleBinding:
    """`NotFound` also for what the actor may not see."""
    with tenant(organization.pk):
        found = _visible_bindings(actor, organization).filter(pk=binding_id).first()
    if found is None:
        raise NotFound(f"Role binding {binding_id} not found.")
    return found


def invitations(
    actor: Actor, organization: Organization, *, limit: int = MAX_LIMIT, after: UUID | None = None
) -> Page[Invitation]:
    """Pending and expired ones, oldest first; accepted ones are found by id only."""
    require(actor, Permission.MEMBER_WRITE, organization.scope)
    rows = Invitation.objects.filter(organization=organization, processed_at=None)
    return _page(organization, rows.select_related("organization"), limit=limit, after=after)


def get_invitation(actor: Actor, organization: Organization, invitation_id: UUID) -> Invitation:
    require(actor, Permission.MEMBER_WRITE, organization.scope)
    with tenant(organization.pk):
        rows = Invitation.objects.filter(organization=organization).select_related("organization")
        found = rows.filter(pk=invitation_id).first()
    if found is None:
        raise NotFound(f"Invitation {invitation_id} not found.")
    return found


def service_accounts(
    actor: Actor, organization: Organization, *, limit: int = MAX_LIMIT, after: UUID | None = None
) -> Page[ServiceAccount]:
    """Oldest first."""
    require(actor, Permission.SERVICE_ACCOUNT_READ, organization.scope)
    rows = ServiceAccount.objects.filter(organization=organization)
    return _page(organization, rows.select_related("organization"), limit=limit, after=after)


def get_service_account(
    actor: Actor, organization: Organization, account_id: UUID
) -> ServiceAccount:
    require(actor, Permission.SERVICE_ACCOUNT_READ, organization.scope)
    with tenant(organization.pk):
        rows = ServiceAccount.objects.filter(organization=organization)
        found = rows.select_related("organization").filter(pk=account_id).first()
    if found is None:
        raise NotFound(f"Service account {account_id} not found.")
    return found


def _visible_bindings(actor: Actor, organization: Organization) -> QuerySet[RoleBinding]:
    """All, for who manages members. Others see members' roles on the organization, whoever is in a
    project whose members they may read, and their own."""
    rows = RoleBinding.objects.filter(organization=organization).select_related("organization")
    if decide(actor, Permission.MEMBER_WRITE, organization.scope).is_allowed:
        return rows
    require(actor, Permission.MEMBER_READ, organization.scope)
    is_member = Q(principal_type=PrincipalType.USER, resource_type=ResourceType.ORGANIZATION)
    in_project = Q(resource_id__in=_readable_projects(actor, organization))
    is_invited = Q(principal_type=PrincipalType.INVITE)
    return rows.filter(is_member | in_project & ~is_invited | Q(principal_id=actor.principal_id))


def _readable_projects(actor: Actor, organization: Organization) -> list[UUID]:
    here = OrganizationId(organization.pk)
    held = {grant.project_id for grant in actor.grants if grant.project_id is not None}
    return [
        project_id
        for project_id in held
        if decide(actor, Permission.PROJECT_MEMBER_READ, Scope(here, project_id)).is_allowed
    ]


def _page(
    organization: Organization, rows: QuerySet[M], *, limit: int, after: UUID | None
) -> Page[M]:
    limit = checked_limit(limit)
    if after is not None:
        rows = rows.filter(pk__gt=after)
    with tenant(organization.pk):
        return page_of(list(rows.order_by("pk")[: limit + 1]), limit)
