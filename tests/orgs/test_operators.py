"""Who runs the installation, and in which of their sessions."""

import pytest

from access.actor import OPERATOR
from kit.errors import FailedPrecondition, PermissionDenied
from orgs.operators import add_operator, operator_actor, operators, remove_operator
from orgs.organizations import create_organization
from orgs.people import deactivate
from orgs.plans import Plan
from orgs.setup import mint_setup_link, redeem_setup_link
from orgs.ways_in import WayIn
from tests.support.world import PASSWORD, World

pytestmark = pytest.mark.usefixtures("database", "audit_context")


def first_owner(name: str) -> str:
    """Of a new organization, by its link; the address."""
    organization = create_organization(OPERATOR, name=name, plan=Plan.STARTER)
    token = mint_setup_link(OPERATOR, organization).value
    email = f"{name.lower()}@example.com"
    redeem_setup_link(token, email=email, name=name, password=PASSWORD)
    return email


def test_the_first_owner_of_the_first_organization_runs_the_installation() -> None:
    first = first_owner("Fresh")
    first_owner("Later")
    assert [one.email for one in operators(OPERATOR)] == [first]


def test_a_session_that_a_provider_vouched_for_is_no_operators(world: World) -> None:
    alice = world.people["alice"]
    assert operator_actor(alice, WayIn()) is None
    add_operator(OPERATOR, alice)
    alice.refresh_from_db()
    acting = operator_actor(alice, WayIn())
    assert acting is not None
    assert (acting.is_unbounded, acting.principal_id) == (True, alice.pk)
    assert operator_actor(alice, WayIn(world.organization.pk)) is None
    remove_operator(OPERATOR, alice)
    alice.refresh_from_db()
    assert operator_actor(alice, WayIn()) is None


def test_only_operators_make_operators_and_see_them(world: World) -> None:
    with pytest.raises(PermissionDenied):
        add_operator(world.alice, world.people["alice"])
    with pytest.raises(PermissionDenied):
        operators(world.alice)


def test_a_deactivated_account_cannot_become_one(world: World) -> None:
    deactivate(OPERATOR, world.people["bob"])
    with pytest.raises(FailedPrecondition, match="deactivated"):
        add_operator(OPERATOR, world.people["bob"])
