"""The end of a membership: all roles in the organization go, the account stays."""

from access.actor import Actor
from access.decide import require
from access.permissions import Permission, Role
from accounts.models import User
from audit.actions import Action
from audit.record import record
from kit.errors import NotFound
from orgs.locks import locked
from orgs.members import member_target
from orgs.models import Membership, Organization, PrincipalType, RoleBinding
from orgs.role_bindings import require_other_owner
from orgs.verbs import verb


@verb(Action.MEMBER_REMOVED)
def remove_member(
    actor: Actor, organization: Organization, *, user: User, reason: str = ""
) -> None:
    """Take a person out of the organization and of all its projects. The account stays."""
    require(actor, Permission.MEMBER_WRITE, organization.scope)
    organization = locked(organization.pk)
    roles = _end_membership(organization, user)
    target = member_target(organization, user)
    record(actor, Action.MEMBER_REMOVED, target=target, roles=roles, reason=reason)


def _end_membership(organization: Organization, user: User) -> list[str]:
    """Which roles ended."""
    membership = Membership.objects.filter(organization=organization, user=user).first()
    if membership is None:
        raise NotFound("There is no such member.")
    held = RoleBinding.objects.filter(
        organization=organization, principal_type=PrincipalType.USER, principal_id=user.pk
    )
    roles = sorted(held.values_list("role", flat=True))
    if Role.ORG_OWNER in roles:
        require_other_owner(organization, user.pk)
    held.delete()
    membership.delete()
    return roles
