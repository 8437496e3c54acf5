"""Members of projects: who they are, and how they go."""

import pytest

from access.actor import OPERATOR
from access.permissions import Role
from kit.errors import NotFound, PermissionDenied
from orgs.models import PrincipalType
from orgs.role_bindings import Assignment, create_role_binding
from orgs.service_accounts import create_service_account
from projects.members import add_project_member, leave_project, remove_project_member
from projects.queries import visible_projects
from projects.roster import project_members
from tests.support.world import World


def test_people_leave_a_project_and_stay_in_the_organization(world: World) -> None:
    vera = world.people["vera"]
    with pytest.raises(PermissionDenied):
        leave_project(world.bob, world.project, user=vera)
    leave_project(world.vera, world.project, user=vera)
    assert visible_projects(world.vera, world.organization) == []
    assert {grant.role for grant in world.vera.grants} == {Role.ORG_MEMBER}
    with pytest.raises(NotFound):
        leave_project(world.vera, world.project, user=vera)


def test_project_owners_remove_members_of_their_project(world: World) -> None:
    bob, vera = world.people["bob"], world.people["vera"]
    with pytest.raises(PermissionDenied):
        remove_project_member(world.bob, world.project, user=vera)
    add_project_member(world.alice, world.project, user=bob, role=Role.PROJECT_OWNER)
    remove_project_member(world.bob, world.project, user=vera)
    assert visible_projects(world.vera, world.organization) == []


def test_the_roster_names_people_machines_and_owners(world: World) -> None:
    account, _ = create_service_account(
        OPERATOR, world.organization, name="Robot", assignments=[Assignment(Role.ORG_MEMBER)]
    )
    create_role_binding(
        OPERATOR, world.organization, principal_type=PrincipalType.SERVICE_ACCOUNT,
        principal_id=account.pk, role=Role.DATA_PLANE_EDITOR, project_id=world.project.pk,
    )  # fmt: skip
    found = project_members(world.alice, world.project)
    assert [(one.name, one.roles, one.is_organization_owner) for one in found] == [
        ("Alice", [], True),
        ("Bob", [Role.PROJECT_EDITOR], False),
        ("Robot", [Role.DATA_PLANE_EDITOR], False),
        ("Vera", [Role.PROJECT_VIEWER], False),
    ]
    for actor in (world.vera, world.mallory):
        with pytest.raises(PermissionDenied):
            project_members(actor, world.project)
