"""Members and roles that an identity provider decides about are not changed here."""

from collections.abc import Callable
from typing import Any

import pytest

from access.actor import OPERATOR, Actor
from access.permissions import Role
from kit.errors import FailedPrecondition
from orgs.acceptance import accept_invitation
from orgs.departures import leave_organization, remove_member
from orgs.directory import role_bindings
from orgs.invitations import create_invitation, resend_invitation, revoke_invitation
from orgs.member_roles import set_member_roles, transfer_ownership
from orgs.members import add_member
from orgs.models import Organization, PrincipalType, UserManagement
from orgs.plans import Plan
from orgs.role_bindings import Assignment, create_role_binding, delete_role_binding
from orgs.service_accounts import create_service_account
from orgs.tenancy import tenant
from projects.members import add_project_member, leave_project, remove_project_member
from tests.support.world import World

MEMBER = [Assignment(Role.ORG_MEMBER)]
Act = Callable[[World, Actor], Any]


def managed(world: World, mode: UserManagement, plan: Plan = Plan.ENTERPRISE) -> None:
    with tenant(world.organization.pk):
        rows = Organization.objects.filter(pk=world.organization.pk)
        rows.update(user_management=mode, plan=plan)
    world.organization.user_management = mode


def _unbind(world: World, actor: Actor) -> None:
    bob = world.people["bob"].pk
    held = role_bindings(OPERATOR, world.organization, principal_id=bob, role=Role.PROJECT_EDITOR)
    delete_role_binding(actor, held.rows[0])


# Every way to change who belongs to an organization, or what people hold in it.
WAYS: dict[str, Act] = {
    "add a member": lambda world, actor: add_member(
        actor, world.organization, user=world.people["mallory"], role=Role.ORG_MEMBER
    ),
    "invite": lambda world, actor: create_invitation(
        actor, world.organization, email="nina@example.com", assignments=MEMBER
    ),
    "choose roles": lambda world, actor: set_member_roles(
        actor, world.organization, user=world.people["bob"], roles=[Role.ORG_MANAGER]
    ),
    "hand ownership over": lambda world, actor: transfer_ownership(
        actor, world.organization, to=world.people["bob"]
    ),
    "bind a role": lambda world, actor: create_role_binding(
        actor, world.organization,
        principal_type=PrincipalType.USER, principal_id=world.people["bob"].pk,
        role=Role.ORG_MANAGER,
    ),
    "unbind a role": _unbind,
    "add to a project": lambda world, actor: add_project_member(
        actor, world.project, user=world.people["vera"], role=Role.PROJECT_EDITOR
    ),
    "remove from a project": lambda world, actor: remove_project_member(
        actor, world.project, user=world.people["bob"]
    ),
    "leave a project": lambda world, _actor: leave_project(
        world.bob, world.project, user=world.people["bob"]
    ),
}  # fmt: skip


@pytest.mark.parametrize("mode", [UserManagement.SAML, UserManagement.SCIM])
@pytest.mark.parametrize("way", WAYS)
def test_no_other_way_is_open_while_the_provider_decides(
    world: World, way: str, mode: UserManagement
) -> None:
    managed(world, mode)
    with pytest.raises(FailedPrecondition, match="Members of Pine and their roles follow"):
        WAYS[way](world, world.alice)


def test_an_invitation_of_before_is_neither_sent_again_nor_accepted_but_taken_back(
    world: World,
) -> None:
    invitation, plain = create_invitation(
        OPERATOR, world.organization, email="mallory@example.com", assignments=MEMBER
    )
    managed(world, UserManagement.SCIM)
    with pytest.raises(FailedPrecondition, match="SCIM"):
        resend_invitation(world.alice, invitation)
    with pytest.raises(FailedPrecondition, match="SCIM"):
        accept_invitation(world.people["mallory"], plain.value)
    revoke_invitation(world.alice, invitation)


def test_machines_keep_their_roles_and_get_new_ones(world: World) -> None:
    managed(world, UserManagement.SCIM)
    account, _ = create_service_account(
        world.alice, world.organization, name="robot", assignments=MEMBER
    )
    binding = create_role_binding(
        world.alice,
        world.organization,
        principal_type=PrincipalType.SERVICE_ACCOUNT,
        principal_id=account.pk,
        role=Role.ORG_MANAGER,
    )
    delete_role_binding(world.alice, binding)


def test_members_whom_no_directory_knows_can_go(world: World) -> None:
    managed(world, UserManagement.SCIM)
    remove_member(world.alice, world.organization, user=world.people["vera"])
    leave_organization(world.bob, world.organization, user=world.people["bob"])


def test_the_operator_may_when_the_provider_is_out_of_reach(world: World) -> None:
    managed(world, UserManagement.SCIM)
    transfer_ownership(OPERATOR, world.organization, to=world.people["bob"])


@pytest.mark.parametrize("mode", [UserManagement.SAML, UserManagement.SCIM])
def test_a_plan_without_it_gives_the_decision_back(world: World, mode: UserManagement) -> None:
    managed(world, mode, Plan.STANDARD)
    set_member_roles(
        world.alice, world.organization, user=world.people["bob"], roles=[Role.ORG_MANAGER]
    )
