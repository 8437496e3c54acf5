"""The end of a membership: by an owner's hand or one's own; all roles in the organization go."""

from access.actor import Actor
from access.decide import require
from access.permissions import CredentialKind, Permission
from accounts.models import User
from audit.actions import Action
from audit.record import record
from kit.errors import NotFound, PermissionDenied
from orgs.locks import locked
from orgs.members import find_membership, member_target
from orgs.models import Organization, PrincipalType, RoleBinding
from orgs.role_bindings import is_owner, require_other_owner
from orgs.user_management import require_ended_here
from orgs.verbs import verb


@verb(Action.MEMBER_REMOVED)
def remove_member(
    actor: Actor, organization: Organization, *, user: User, reason: str = ""
) -> None:
    """Take a person out of the organization and of all its projects. The account stays."""
    require(actor, Permission.MEMBER_WRITE, organization.scope)
    organization = locked(organization.pk)
    require_ended_here(actor, organization, user)
    roles = end_membership(organization, user)
    target = member_target(organization, user)
    record(actor, Action.MEMBER_REMOVED, target=target, roles=roles, reason=reason)


@verb(Action.MEMBER_LEFT)
def leave_organization(actor: Actor, organization: Organization, *, user: User) -> None:
    """Leave, as the person whose session it is."""
    if actor.kind is not CredentialKind.SESSION or actor.principal_id != user.pk:
        raise PermissionDenied("Everybody leaves for themselves only.")
    organization = locked(organization.pk)
    require_ended_here(actor, organization, user)
    roles = end_membership(organization, user)
    record(actor, Action.MEMBER_LEFT, target=member_target(organization, user), roles=roles)


def end_membership(organization: Organization, user: User) -> list[str]:
    """Which roles ended; part of a verb's transaction, and needs the lock."""
    membership = find_membership(organization, user)
    if membership is None:
        raise NotFound("There is no such member.")
    if is_owner(organization, user):
        require_other_owner(organization, user.pk)
    held = RoleBinding.objects.filter(
        organization=organization, principal_type=PrincipalType.USER, principal_id=user.pk
    )
    roles = sorted(held.values_list("role", flat=True))
    held.delete()
    membership.delete()
    return roles
