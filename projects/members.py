"""Roles that people hold on a project."""

from access.actor import Actor
from access.decide import require
from access.permissions import PROJECT_ROLES, Permission, Role
from accounts.models import User
from audit.actions import Action
from audit.record import record
from kit.errors import FailedPrecondition, InvalidArgument
from orgs.models import Membership, PrincipalType, ResourceType, RoleBinding
from orgs.verbs import verb
from projects.models import Project


@verb(Action.PROJECT_MEMBER_ADDED)
def add_project_member(actor: Actor, project: Project, *, user: User, role: Role) -> RoleBinding:
    """Give a member of the organization one role on the project; having it already is fine."""
    require(actor, Permission.PROJECT_MEMBER_WRITE, project.scope)
    if role not in PROJECT_ROLES:
        raise InvalidArgument(f"{role} is not a role that is held on a project.", field="role")
    if not Membership.objects.filter(user=user, organization=project.organization_id).exists():
        raise FailedPrecondition("Only members of the organization can join its projects.")
    binding, is_new = RoleBinding.objects.get_or_create(
        organization_id=project.organization_id,
        principal_type=PrincipalType.USER,
        principal_id=user.pk,
        role=role,
        resource_type=ResourceType.PROJECT,
        resource_id=project.pk,
    )
    if is_new:
        record(
            actor,
            Action.PROJECT_MEMBER_ADDED,
            target=project.audit_target(),
            member=user.email,
            role=str(role),
        )
    return binding
