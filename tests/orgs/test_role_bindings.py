"""Role bindings: who may give and take which role, and what must always remain."""

from functools import partial
from uuid import UUID

import pytest

from access.actor import OPERATOR, Actor
from access.permissions import Role
from kit.errors import (
    Aborted,
    AlreadyExists,
    InvalidArgument,
    NotFound,
    OutOfRange,
    PaymentRequired,
    PermissionDenied,
)
from kit.ids import new_id
from orgs.directory import get_role_binding, role_bindings
from orgs.models import PrincipalType, ResourceType, RoleBinding
from orgs.organizations import set_plan
from orgs.plans import Plan
from orgs.role_bindings import Assignment, create_role_binding, delete_role_binding
from orgs.service_accounts import create_service_account
from projects.projects import create_project, delete_project
from tests.support.together import together
from tests.support.world import World


def give(
    world: World, actor: Actor, name: str, role: Role, project_id: UUID | None = None
) -> RoleBinding:
    return create_role_binding(
        actor, world.organization,
        principal_type=PrincipalType.USER, principal_id=world.people[name].pk,
        role=role, project_id=project_id,
    )  # fmt: skip


def held(world: World, name: str, role: Role) -> RoleBinding:
    person = world.people[name].pk
    return role_bindings(OPERATOR, world.organization, principal_id=person, role=role).rows[0]


def test_a_principal_holds_the_union_of_its_roles(world: World) -> None:
    give(world, world.alice, "vera", Role.DATA_PLANE_EDITOR, world.project.pk)
    roles = {grant.role for grant in world.vera.grants}
    assert roles == {Role.ORG_MEMBER, Role.PROJECT_VIEWER, Role.DATA_PLANE_EDITOR}


def test_an_identical_binding_exists_already_and_is_named(world: World) -> None:
    first = give(world, world.alice, "vera", Role.ORG_MANAGER)
    with pytest.raises(AlreadyExists, match=r"vera@example\.com holds the role") as caught:
        give(world, world.alice, "vera", Role.ORG_MANAGER)
    assert caught.value.fields["id"] == str(first.pk)


@pytest.mark.parametrize("role", [Role.ORG_OWNER, Role.ORG_MEMBER])
def test_an_organization_role_is_not_held_on_a_project(world: World, role: Role) -> None:
    with pytest.raises(InvalidArgument, match="not a role that is held on a project"):
        give(world, world.alice, "bob", role, world.project.pk)


def test_a_project_role_is_not_held_on_the_organization(world: World) -> None:
    with pytest.raises(InvalidArgument, match="not a role that is held on an organization"):
        give(world, world.alice, "bob", Role.PROJECT_VIEWER)


@pytest.mark.parametrize("principal_type", PrincipalType)
def test_unknown_and_foreign_principals_are_not_found(
    world: World, principal_type: PrincipalType
) -> None:
    for principal in (new_id(), world.people["mallory"].pk):
        with pytest.raises(NotFound, match=f"{principal} not found"):
            create_role_binding(
                world.alice, world.organization,
                principal_type=principal_type, principal_id=principal, role=Role.ORG_MEMBER,
            )  # fmt: skip


def test_foreign_and_missing_projects_are_not_found_alike(world: World) -> None:
    for project_id in (new_id(), world.their_project.pk):
        with pytest.raises(NotFound, match=f"Project {project_id} not found"):
            give(world, world.alice, "bob", Role.PROJECT_VIEWER, project_id)


def test_a_project_owner_gives_and_takes_roles_of_that_project_alone(world: World) -> None:
    other = create_project(OPERATOR, world.organization, name="Other")
    give(world, world.alice, "bob", Role.PROJECT_OWNER, world.project.pk)
    binding = give(world, world.bob, "vera", Role.PROJECT_OWNER, world.project.pk)
    delete_role_binding(world.bob, binding)
    for role, project_id in ((Role.PROJECT_VIEWER, other.pk), (Role.ORG_MANAGER, None)):
        with pytest.raises(PermissionDenied):
            give(world, world.bob, "vera", role, project_id)


@pytest.mark.parametrize("role", [Role.PROJECT_MANAGER, Role.PROJECT_MEMBER, Role.PROJECT_EDITOR])
def test_who_does_not_own_the_project_gives_nothing(world: World, role: Role) -> None:
    give(world, world.alice, "vera", role, world.project.pk)
    with pytest.raises(PermissionDenied):
        give(world, world.vera, "bob", Role.DATA_PLANE_VIEWER, world.project.pk)


@pytest.mark.parametrize("role", [Role.ORG_MANAGER, Role.ORG_MEMBER, Role.ORG_BILLING_ADMIN])
def test_only_an_organization_owner_gives_roles_on_it(world: World, role: Role) -> None:
    if role is not Role.ORG_MEMBER:
        give(world, world.alice, "bob", role)
    with pytest.raises(PermissionDenied):
        give(world, world.bob, "vera", Role.ORG_MEMBER)


def test_the_last_owner_stays_an_owner(world: World) -> None:
    give(world, world.alice, "alice", Role.ORG_MEMBER)
    with pytest.raises(Aborted, match="needs an owner"):
        delete_role_binding(world.alice, held(world, "alice", Role.ORG_OWNER))
    give(world, world.alice, "bob", Role.ORG_OWNER)
    delete_role_binding(world.alice, held(world, "alice", Role.ORG_OWNER))
    assert Role.ORG_OWNER not in {grant.role for grant in world.alice.grants}


def test_a_disabled_person_is_no_owner_to_rely_on(world: World) -> None:
    give(world, world.alice, "alice", Role.ORG_MEMBER)
    give(world, world.alice, "bob", Role.ORG_OWNER)
    bob = world.people["bob"]
    bob.is_active = False
    bob.save()
    with pytest.raises(Aborted, match="needs an owner"):
        delete_role_binding(world.alice, held(world, "alice", Role.ORG_OWNER))


def test_two_owners_who_remove_each_other_leave_one(world: World) -> None:
    for _ in range(10):
        for name in ("alice", "bob"):
            for role in (Role.ORG_MEMBER, Role.ORG_OWNER):
                if role not in {grant.role for grant in world.actor(name).grants}:
                    give(world, OPERATOR, name, role)
        alices, bobs = (held(world, name, Role.ORG_OWNER) for name in ("alice", "bob"))
        results = together(
            [
                partial(delete_role_binding, world.alice, bobs),
                partial(delete_role_binding, world.bob, alices),
            ]
        )
        assert sorted(type(one).__name__ for one in results) == ["Aborted", "NoneType"]
        owners = role_bindings(OPERATOR, world.organization, role=Role.ORG_OWNER).rows
        assert len(owners) == 1


def test_the_last_role_of_a_member_on_the_organization_stays(world: World) -> None:
    with pytest.raises(Aborted, match="Remove the member instead"):
        delete_role_binding(world.alice, held(world, "vera", Role.ORG_MEMBER))
    give(world, world.alice, "vera", Role.ORG_MANAGER)
    delete_role_binding(world.alice, held(world, "vera", Role.ORG_MEMBER))


def test_a_binding_is_deleted_once(world: World) -> None:
    binding = held(world, "bob", Role.PROJECT_EDITOR)
    delete_role_binding(world.alice, binding)
    with pytest.raises(NotFound):
        delete_role_binding(world.alice, binding)


def test_a_service_account_may_be_without_roles_and_hold_those_of_projects(world: World) -> None:
    account, _ = create_service_account(
        OPERATOR, world.organization, name="robot", assignments=[Assignment(Role.ORG_MEMBER)]
    )
    binding = create_role_binding(
        world.alice, world.organization, principal_type=PrincipalType.SERVICE_ACCOUNT,
        principal_id=account.pk, role=Role.PROJECT_EDITOR, project_id=world.project.pk,
    )  # fmt: skip
    for one in role_bindings(OPERATOR, world.organization, principal_id=account.pk).rows:
        delete_role_binding(world.alice, one)
    set_plan(OPERATOR, world.organization, plan=Plan.STANDARD)
    with pytest.raises(PaymentRequired, match="Standard does not include service accounts"):
        create_role_binding(
            world.alice, world.organization, principal_type=PrincipalType.SERVICE_ACCOUNT,
            principal_id=account.pk, role=binding.typed_role, project_id=world.project.pk,
        )  # fmt: skip


def test_the_roles_on_a_project_end_with_it(world: World) -> None:
    project = create_project(OPERATOR, world.organization, name="Short-lived")
    give(world, OPERATOR, "bob", Role.PROJECT_OWNER, project.pk)
    delete_project(world.bob, project)
    assert not role_bindings(OPERATOR, world.organization, resource_id=project.pk).rows


def test_bindings_are_filtered_and_paged(world: World) -> None:
    def found(**filters: object) -> list[RoleBinding]:
        return role_bindings(world.alice, world.organization, **filters).rows

    assert len(found()) == 5
    assert len(found(resource_type=ResourceType.PROJECT)) == 2
    assert len(found(resource_id=world.organization.pk)) == 3
    assert len(found(principal_type=PrincipalType.SERVICE_ACCOUNT)) == 0
    assert len(found(principal_id=world.people["bob"].pk, role=Role.ORG_MEMBER)) == 1
    seen, after = [], None
    while True:
        page = role_bindings(world.alice, world.organization, limit=2, after=after)
        seen += page.rows
        if (after := page.next_after) is None:
            break
    assert seen == found()
    for limit in (0, 101):
        with pytest.raises(OutOfRange):
            role_bindings(world.alice, world.organization, limit=limit)


def test_members_see_roles_on_the_organization_and_their_own(world: World) -> None:
    hidden = held(world, "vera", Role.PROJECT_VIEWER)
    seen = role_bindings(world.bob, world.organization).rows
    assert hidden not in seen
    assert {one.typed_role for one in seen} == {
        Role.ORG_OWNER, Role.ORG_MEMBER, Role.PROJECT_EDITOR
    }  # fmt: skip
    with pytest.raises(NotFound):
        get_role_binding(world.bob, world.organization, hidden.pk)
    give(world, world.alice, "bob", Role.PROJECT_MEMBER, world.project.pk)
    assert get_role_binding(world.bob, world.organization, hidden.pk) == hidden


def test_strangers_see_no_binding(world: World) -> None:
    with pytest.raises(PermissionDenied):
        role_bindings(world.mallory, world.organization)
    theirs = role_bindings(world.mallory, world.elsewhere).rows[0]
    with pytest.raises(NotFound):
        get_role_binding(world.alice, world.organization, theirs.pk)
