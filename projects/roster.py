"""Who reaches a project: its members with their roles, and the organization's owners."""

from collections import defaultdict
from dataclasses import dataclass
from uuid import UUID

from access.actor import Actor
from access.decide import require
from access.permissions import Permission, Role
from accounts.models import User
from orgs.models import PrincipalType, ResourceType, RoleBinding, ServiceAccount
from orgs.tenancy import tenant
from projects.models import Project


@dataclass(frozen=True, slots=True)
class ProjectMember:
    """A person or service account, with the roles held on the project itself.

    Owners of the organization own each of its projects, with or without a role there.
    """

    principal_type: PrincipalType
    principal_id: UUID
    name: str
    email: str
    roles: list[Role]
    is_organization_owner: bool


def project_members(actor: Actor, project: Project) -> list[ProjectMember]:
    """By name, people and service accounts together. Invited people are no members yet."""
    require(actor, Permission.PROJECT_MEMBER_READ, project.scope)
    with tenant(project.organization_id):
        held, owners = _held_roles(project), _owners(project)
        people = {one.pk: one for one in User.objects.filter(pk__in=held.keys() | owners)}
        rows = ServiceAccount.objects.filter(pk__in=held.keys() | owners)
        machines = {one.pk: one for one in rows.filter(organization=project.organization_id)}
    found = [
        ProjectMember(PrincipalType.USER, pk, one.display_name, one.email, held[pk], pk in owners)
        for pk, one in people.items()
    ] + [
        ProjectMember(PrincipalType.SERVICE_ACCOUNT, pk, one.name, "", held[pk], pk in owners)
        for pk, one in machines.items()
    ]
    return sorted(found, key=lambda one: (one.name.casefold(), str(one.principal_id)))


def _held_roles(project: Project) -> dict[UUID, list[Role]]:
    held = defaultdict(list)
    rows = RoleBinding.objects.filter(
        organization=project.organization_id,
        resource_type=ResourceType.PROJECT,
        resource_id=project.pk,
    )
    for binding in rows.exclude(principal_type=PrincipalType.INVITE).order_by("pk"):
        held[binding.principal_id].append(binding.typed_role)
    return held


def _owners(project: Project) -> set[UUID]:
    rows = RoleBinding.objects.filter(
        organization=project.organization_id, role=Role.ORG_OWNER
    ).exclude(principal_type=PrincipalType.INVITE)
    return set(rows.values_list("principal_id", flat=True))
