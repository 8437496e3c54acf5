"""Members, roles, plans and service accounts of an organization."""

import pytest
from django.db import IntegrityError

from access.actor import OPERATOR
from access.permissions import Role
from kit.errors import (
    AlreadyExists,
    InvalidArgument,
    NotFound,
    PermissionDenied,
    QuotaExceeded,
)
from orgs.members import add_member, create_member, set_member_password
from orgs.models import RoleBinding
from orgs.organizations import create_organization, set_plan
from orgs.plans import Limits, Plan, parse_plan, require_room
from orgs.queries import find_organization, get_organization, members, organizations_of
from orgs.tenancy import tenant
from tests.support.world import PASSWORD, World


def test_a_person_may_belong_to_several_organizations(world: World) -> None:
    add_member(world.alice, world.organization, user=world.people["mallory"], role=Role.ORG_MEMBER)
    names = [one.name for one in organizations_of(world.people["mallory"])]
    assert names == ["Oak", "Pine"]
    with pytest.raises(AlreadyExists):
        add_member(
            world.alice, world.organization, user=world.people["mallory"], role=Role.ORG_MANAGER
        )


def test_members_are_listed_to_members_only(world: World) -> None:
    listed = [one.user.email for one in members(world.vera, world.organization)]
    assert listed == ["alice@example.com", "bob@example.com", "vera@example.com"]
    with pytest.raises(PermissionDenied):
        members(world.mallory, world.organization)


def test_an_organization_is_not_found_by_strangers(world: World) -> None:
    assert get_organization(world.vera, "pine").name == "Pine"
    for slug in ("oak", "nothing"):
        with pytest.raises(NotFound, match=f"Organization {slug} not found"):
            get_organization(world.vera, slug)


@pytest.mark.parametrize("role", [Role.PROJECT_OWNER, Role.DATA_PLANE_VIEWER])
def test_a_project_role_is_not_held_on_an_organization(world: World, role: Role) -> None:
    with pytest.raises(InvalidArgument):
        create_member(
            OPERATOR, world.organization,
            email="x@example.com", name="", password=PASSWORD, role=role,
        )  # fmt: skip


def test_the_database_itself_refuses_a_role_on_the_wrong_resource(world: World) -> None:
    with pytest.raises(IntegrityError, match="role_fits_resource"), tenant(world.organization.pk):
        RoleBinding.objects.filter(role=Role.ORG_OWNER).update(resource_type="project")


def test_a_password_is_set_only_for_members_and_by_the_operator(world: World) -> None:
    bob, mallory = world.people["bob"], world.people["mallory"]
    set_member_password(OPERATOR, world.organization, user=bob, password="another long password!")
    assert bob.check_password("another long password!")
    with pytest.raises(NotFound):
        set_member_password(OPERATOR, world.organization, user=mallory, password=PASSWORD)
    with pytest.raises(PermissionDenied):
        set_member_password(world.alice, world.organization, user=bob, password=PASSWORD)


def test_only_the_operator_makes_organizations_and_changes_plans(world: World) -> None:
    with pytest.raises(PermissionDenied):
        create_organization(world.alice, name="Mine", plan=Plan.ENTERPRISE)
    with pytest.raises(PermissionDenied):
        set_plan(world.alice, world.organization, plan=Plan.STANDARD)


def test_an_organization_is_found_by_slug_public_id_and_id(world: World) -> None:
    ours = world.organization
    for reference in ("pine", ours.public_id, str(ours.pk)):
        found = find_organization(reference)
        assert found is not None
        assert found.pk == ours.pk
    assert find_organization("absent") is None


def test_plans_are_named_whatever_their_case() -> None:
    assert parse_plan(" enterprise") is Plan.ENTERPRISE
    with pytest.raises(InvalidArgument, match="Starter, Standard, Enterprise, Dedicated"):
        parse_plan("platinum")


def test_a_limit_is_reached_not_passed() -> None:
    require_room(2, 1, what="projects")
    require_room(None, 10**9, what="projects")
    with pytest.raises(QuotaExceeded, match="allows 2 projects"):
        require_room(2, 2, what="projects")
    assert Limits().projects is None
