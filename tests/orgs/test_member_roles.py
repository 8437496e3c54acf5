"""Members come and go, change roles and hand ownership over; an owner always remains."""

from functools import partial

import pytest

from access.actor import OPERATOR
from access.permissions import Role
from kit.errors import Aborted, AlreadyExists, InvalidArgument, NotFound, PermissionDenied
from orgs.departures import leave_organization, remove_member
from orgs.directory import get_member, role_bindings, users
from orgs.member_roles import set_member_roles, transfer_ownership
from orgs.members import add_member
from orgs.queries import organizations_of
from tests.support.together import together
from tests.support.world import World


def roles_of(world: World, name: str) -> set[Role]:
    return {grant.role for grant in world.actor(name).grants}


def test_who_is_removed_loses_every_role_in_the_organization(world: World) -> None:
    bob = world.people["bob"]
    add_member(world.mallory, world.elsewhere, user=bob, role=Role.ORG_MEMBER)
    remove_member(world.alice, world.organization, user=bob, reason="moved on")
    assert [one.name for one in organizations_of(bob)] == ["Oak"]
    assert {grant.organization_id for grant in world.bob.grants} == {world.elsewhere.pk}
    assert not role_bindings(OPERATOR, world.organization, principal_id=bob.pk).rows
    with pytest.raises(NotFound):
        remove_member(world.alice, world.organization, user=bob)


def test_only_owners_remove_members(world: World) -> None:
    set_member_roles(
        world.alice, world.organization, user=world.people["bob"], roles=[Role.ORG_MANAGER]
    )
    for actor in (world.bob, world.mallory):
        with pytest.raises(PermissionDenied):
            remove_member(actor, world.organization, user=world.people["vera"])


def test_members_leave_by_themselves_and_for_nobody_else(world: World) -> None:
    vera = world.people["vera"]
    with pytest.raises(PermissionDenied):
        leave_organization(world.bob, world.organization, user=vera)
    leave_organization(world.vera, world.organization, user=vera)
    assert organizations_of(vera) == []
    with pytest.raises(NotFound):
        leave_organization(world.vera, world.organization, user=vera)


def test_the_last_owner_neither_leaves_nor_is_removed_nor_changed(world: World) -> None:
    alice = world.people["alice"]
    with pytest.raises(Aborted):
        leave_organization(world.alice, world.organization, user=alice)
    with pytest.raises(Aborted):
        remove_member(OPERATOR, world.organization, user=alice)
    with pytest.raises(Aborted):
        set_member_roles(world.alice, world.organization, user=alice, roles=[Role.ORG_MANAGER])
    assert roles_of(world, "alice") == {Role.ORG_OWNER}


def test_two_owners_who_leave_at_the_same_moment_leave_one(world: World) -> None:
    people = [world.people[name] for name in ("alice", "bob", "vera")]
    for one in people[1:]:
        set_member_roles(OPERATOR, world.organization, user=one, roles=[Role.ORG_OWNER])
    actors = [world.alice, world.bob, world.vera]
    leaving = [
        partial(leave_organization, actor, world.organization, user=one)
        for actor, one in zip(actors, people, strict=True)
    ]
    results = together(leaving)
    assert sorted(type(one).__name__ for one in results) == ["Aborted", "NoneType", "NoneType"]
    assert len(role_bindings(OPERATOR, world.organization, role=Role.ORG_OWNER).rows) == 1


def test_roles_on_the_organization_are_replaced_and_those_on_projects_stay(world: World) -> None:
    bob = world.people["bob"]
    wanted = [Role.ORG_MANAGER, Role.ORG_BILLING_ADMIN]
    set_member_roles(world.alice, world.organization, user=bob, roles=wanted)
    assert roles_of(world, "bob") == {*wanted, Role.PROJECT_EDITOR}
    with pytest.raises(InvalidArgument):
        set_member_roles(world.alice, world.organization, user=bob, roles=[])
    with pytest.raises(InvalidArgument):
        set_member_roles(world.alice, world.organization, user=bob, roles=[Role.PROJECT_OWNER])
    with pytest.raises(NotFound):
        set_member_roles(
            world.alice, world.organization, user=world.people["mallory"], roles=wanted
        )


def test_nobody_promotes_themselves(world: World) -> None:
    bob = world.people["bob"]
    with pytest.raises(PermissionDenied):
        set_member_roles(world.bob, world.organization, user=bob, roles=[Role.ORG_OWNER])
    with pytest.raises(PermissionDenied):
        transfer_ownership(world.bob, world.organization, to=bob)


def test_ownership_is_handed_to_a_member(world: World) -> None:
    transfer_ownership(world.alice, world.organization, to=world.people["bob"])
    assert roles_of(world, "alice") == {Role.ORG_MANAGER}
    assert Role.ORG_OWNER in roles_of(world, "bob")
    with pytest.raises(PermissionDenied):
        transfer_ownership(world.alice, world.organization, to=world.people["alice"])
    with pytest.raises(NotFound):
        transfer_ownership(world.bob, world.organization, to=world.people["mallory"])


def test_the_operator_hands_over_for_owners_out_of_reach(world: World) -> None:
    set_member_roles(
        world.alice, world.organization, user=world.people["bob"], roles=[Role.ORG_OWNER]
    )
    transfer_ownership(OPERATOR, world.organization, to=world.people["vera"])
    assert Role.ORG_OWNER in roles_of(world, "vera")
    for name in ("alice", "bob"):
        assert Role.ORG_OWNER not in roles_of(world, name)
        assert Role.ORG_MANAGER in roles_of(world, name)


def test_nobody_hands_over_to_who_cannot_sign_in(world: World) -> None:
    bob = world.people["bob"]
    bob.is_active = False
    bob.save()
    with pytest.raises(InvalidArgument, match="cannot sign in"):
        transfer_ownership(world.alice, world.organization, to=bob)


def test_users_are_listed_page_by_page_and_found_by_address(world: World) -> None:
    first = users(world.vera, world.organization, limit=2)
    rest = users(world.vera, world.organization, limit=2, after=first.next_after)
    emails = [one.user.email for one in first.rows + rest.rows]
    assert emails == ["alice@example.com", "bob@example.com", "vera@example.com"]
    assert rest.next_after is None
    (bob,) = users(world.vera, world.organization, email=" BOB@example.com").rows
    assert get_member(world.vera, world.organization, bob.user_id) == bob
    with pytest.raises(NotFound):
        get_member(world.vera, world.organization, world.people["mallory"].pk)
    with pytest.raises(PermissionDenied):
        users(world.mallory, world.organization)


def test_a_person_is_added_once_also_at_the_same_moment(world: World) -> None:
    add = partial(
        add_member, OPERATOR, world.organization,
        user=world.people["mallory"], role=Role.ORG_MEMBER,
    )  # fmt: skip
    results = together([add] * 10)
    assert sum(isinstance(one, AlreadyExists) for one in results) == 9
