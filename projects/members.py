"""Roles that members of the organization hold on a project, seen from the project."""

from access.actor import Actor
from access.decide import require
from access.permissions import PROJECT_ROLES, CredentialKind, Permission, Role
from accounts.models import User
from audit.actions import Action
from audit.record import record
from kit.errors import FailedPrecondition, InvalidArgument, NotFound, PermissionDenied
from orgs.locks import locked
from orgs.members import find_membership
from orgs.models import PrincipalType, ResourceType, RoleBinding
from orgs.role_bindings import Assignment, Principal, bind, require_assignable
from orgs.user_management import require_decided_here
from orgs.verbs import verb
from projects.models import Project


@verb(Action.PROJECT_MEMBER_ADDED)
def add_project_member(actor: Actor, project: Project, *, user: User, role: Role) -> RoleBinding:
    """Give a member of the organization one role on the project; having it already is fine."""
    require(actor, Permission.PROJECT_MEMBER_WRITE, project.scope)
    if role not in PROJECT_ROLES:
        raise InvalidArgument(f"{role} is not a role that is held on a project.", field="role")
    organization = locked(project.organization_id)
    require_decided_here(actor, organization)
    assignment = Assignment(role, project.pk)
    require_assignable(actor, organization, assignment)
    if find_membership(organization, user) is None:
        raise FailedPrecondition("Only members of the organization can join its projects.")
    binding, is_new = bind(organization, Principal.of(user), assignment)
    if is_new:
        record(
            actor,
            Action.PROJECT_MEMBER_ADDED,
            target=project.audit_target(),
            member=user.email,
            role=str(role),
        )
    return binding


@verb(Action.PROJECT_MEMBER_REMOVED)
def remove_project_member(actor: Actor, project: Project, *, user: User) -> None:
    """Take all roles on the project from a person, who stays in the organization."""
    require(actor, Permission.PROJECT_MEMBER_WRITE, project.scope)
    roles = _end_roles(actor, project, user)
    record(
        actor,
        Action.PROJECT_MEMBER_REMOVED,
        target=project.audit_target(),
        member=user.email,
        roles=roles,
    )


@verb(Action.PROJECT_MEMBER_LEFT)
def leave_project(actor: Actor, project: Project, *, user: User) -> None:
    """Give up all roles on the project, as the person whose session it is."""
    if actor.kind is not CredentialKind.SESSION or actor.principal_id != user.pk:
        raise PermissionDenied("Everybody leaves for themselves only.")
    roles = _end_roles(actor, project, user)
    record(actor, Action.PROJECT_MEMBER_LEFT, target=project.audit_target(), roles=roles)


def _end_roles(actor: Actor, project: Project, user: User) -> list[str]:
    """Which roles ended."""
    require_decided_here(actor, locked(project.organization_id))
    held = RoleBinding.objects.filter(
        principal_type=PrincipalType.USER,
        principal_id=user.pk,
        resource_type=ResourceType.PROJECT,
        resource_id=project.pk,
    )
    roles = sorted(held.values_list("role", flat=True))
    if not roles:
        raise NotFound("There is no such member of this project.")
    held.delete()
    return roles
