"""What members are in the organization: choosing their roles, and handing ownership over."""

from collections.abc import Collection
from uuid import UUID

from access.actor import Actor
from access.decide import require
from access.permissions import ORGANIZATION_ROLES, Permission, Role
from accounts.models import User
from audit.actions import Action
from audit.record import record
from kit.errors import InvalidArgument, NotFound
from orgs.locks import locked
from orgs.members import find_membership, member_target
from orgs.models import Organization, PrincipalType, ResourceType, RoleBinding
from orgs.role_bindings import (
    Assignment,
    Principal,
    bind,
    is_owner,
    require_assignable,
    require_other_owner,
    require_way_around,
)
from orgs.user_management import require_decided_here
from orgs.verbs import verb


@verb(Action.MEMBER_ROLES_CHANGED)
def set_member_roles(
    actor: Actor, organization: Organization, *, user: User, roles: Collection[Role]
) -> None:
    """Let the member hold exactly these roles on the organization; those on projects stay."""
    require(actor, Permission.MEMBER_WRITE, organization.scope)
    if not roles:
        names = ", ".join(sorted(ORGANIZATION_ROLES))
        raise InvalidArgument(f"A member holds one or more of: {names}.", field="roles")
    organization = locked(organization.pk)
    require_decided_here(actor, organization)
    for role in roles:
        require_assignable(actor, organization, Assignment(role))
    _require_member(organization, user)
    if Role.ORG_OWNER not in roles and is_owner(organization, user):
        require_other_owner(organization, user.pk)
    previous = _replace(organization, user, roles)
    if previous == sorted(set(roles)):
        return
    target = member_target(organization, user)
    record(
        actor,
        Action.MEMBER_ROLES_CHANGED,
        target=target,
        roles=sorted(map(str, roles)),
        previous=previous,
    )


@verb(Action.ORGANIZATION_TRANSFERRED)
def transfer_ownership(actor: Actor, organization: Organization, *, to: User) -> None:
    """Make that member the owner in place of the actor, who stays a manager.

    The operator takes ownership from all who had it: for when an owner is out of reach.
    """
    require(actor, Permission.MEMBER_WRITE, organization.scope)
    organization = locked(organization.pk)
    require_decided_here(actor, organization)
    require_assignable(actor, organization, Assignment(Role.ORG_OWNER))
    _require_member(organization, to)
    _require_able(to)
    bind(organization, Principal.of(to), Assignment(Role.ORG_OWNER))
    previous = _step_down(organization, actor, heir=to.pk)
    record(
        actor,
        Action.ORGANIZATION_TRANSFERRED,
        target=organization.audit_target(),
        owner=to.email,
        previous=sorted(User.objects.filter(pk__in=previous).values_list("email", flat=True)),
    )


def _step_down(organization: Organization, actor: Actor, *, heir: UUID) -> list[UUID]:
    """Who was an owner and is a manager now."""
    owned = RoleBinding.objects.filter(
        organization=organization, principal_type=PrincipalType.USER, role=Role.ORG_OWNER
    ).exclude(principal_id=heir)
    if actor.principal_id is not None:
        staying = set(owned.values_list("principal_id", flat=True)) - {actor.principal_id} | {heir}
        require_way_around(organization, actor.principal_id, staying)
        owned = owned.filter(principal_id=actor.principal_id)
    stepping = list(owned.values_list("principal_id", flat=True))
    for person in stepping:
        bind(organization, Principal(PrincipalType.USER, person), Assignment(Role.ORG_MANAGER))
    owned.delete()
    return stepping


def _replace(organization: Organization, user: User, roles: Collection[Role]) -> list[str]:
    """The roles held before."""
    held = RoleBinding.objects.filter(
        organization=organization,
        principal_type=PrincipalType.USER,
        principal_id=user.pk,
        resource_type=ResourceType.ORGANIZATION,
    )
    previous = sorted(held.values_list("role", flat=True))
    held.exclude(role__in=roles).delete()
    for role in roles:
        bind(organization, Principal.of(user), Assignment(role))
    return previous


def _require_member(organization: Organization, user: User) -> None:
    if find_membership(organization, user) is None:
        raise NotFound("There is no such member.")


def _require_able(user: User) -> None:
    if not user.is_active:
        raise InvalidArgument(f"{user.email} cannot sign in: choose somebody else.", field="to")
