"""Organizations: founded once for each address, renamed, suspended, deleted when empty."""

from functools import partial

import pytest

from access.actor import OPERATOR
from access.permissions import Role
from audit.models import Event
from billing.caps import MonthlyUnits, set_caps
from billing.contacts import set_billing_contact
from indexes.deployment.reconcile import reconcile
from indexes.lifecycle import delete_index
from kit.environment import environment
from kit.errors import (
    AlreadyExists,
    FailedPrecondition,
    Forbidden,
    InvalidArgument,
    NotFound,
    PermissionDenied,
    Unauthenticated,
)
from orgs.acceptance import accept_invitation
from orgs.audit_streams import create_stream
from orgs.errors import OrganizationSuspended
from orgs.invitations import create_invitation
from orgs.models import Organization
from orgs.organizations import (
    create_own_organization,
    delete_organization,
    rename_organization,
    resume_organization,
    suspend_organization,
)
from orgs.plans import Plan
from orgs.queries import (
    find_founded_by,
    find_organization,
    get_organization,
    organizations_of,
    session_actor,
)
from orgs.role_bindings import Assignment
from orgs.service_accounts import create_service_account
from projects.projects import delete_project
from projects.queries import authenticate_api_key, visible_projects
from storage import catalog
from storage.database import connect
from tests.support.together import together
from tests.support.world import World


def test_who_signed_up_owns_what_they_found_on_the_default_plan(
    world: World, is_open: None
) -> None:
    mallory = world.people["mallory"]
    organization = create_own_organization(mallory, name="  Ash  ")
    assert (organization.name, organization.slug, organization.plan) == ("Ash", "ash", Plan.STARTER)
    held = {(one.organization_id, one.role) for one in session_actor(mallory).grants}
    assert (organization.pk, Role.ORG_OWNER) in held


def test_an_address_founds_one_organization_until_that_is_deleted(
    world: World, is_open: None
) -> None:
    mallory = world.people["mallory"]
    first = create_own_organization(mallory, name="Ash")
    assert find_founded_by("Mallory@Example.com") is not None
    with pytest.raises(AlreadyExists, match="founded an organization already: Ash"):
        create_own_organization(mallory, name="Elm")
    delete_organization(world.mallory, first)
    create_own_organization(mallory, name="Elm")


def test_an_address_founds_one_organization_also_at_the_same_moment(
    world: World, is_open: None
) -> None:
    found = partial(create_own_organization, world.people["mallory"], name="Ash")
    results = together([found] * 10)
    assert sum(isinstance(one, Organization) for one in results) == 1
    assert sum(isinstance(one, AlreadyExists) for one in results) == 9


def test_two_people_found_organizations_of_one_name_at_the_same_moment(
    world: World, is_open: None
) -> None:
    people = world.people.values()
    made = together([partial(create_own_organization, one, name="Ash") for one in people])
    assert all(isinstance(one, Organization) for one in made), made
    assert len({one.slug for one in made}) == len(world.people)


def test_an_owner_renames_and_the_address_stays(world: World) -> None:
    rename_organization(world.alice, world.organization, name=" Pine & Co ")
    assert get_organization(world.vera, "pine").name == "Pine & Co"
    for name in ("", "x" * 513):
        with pytest.raises(InvalidArgument):
            rename_organization(world.alice, world.organization, name=name)


def test_an_organization_with_projects_is_not_deleted(world: World) -> None:
    with pytest.raises(FailedPrecondition, match="1 projects"):
        delete_organization(world.alice, world.organization)
    delete_project(world.alice, world.project)
    create_service_account(
        OPERATOR, world.organization, name="robot", assignments=[Assignment(Role.ORG_MEMBER)]
    )
    create_invitation(
        world.alice, world.organization,
        email="nina@example.com", assignments=[Assignment(Role.ORG_MEMBER)],
    )  # fmt: skip
    set_billing_contact(world.alice, world.organization, name="Cara", email="cara@example.com")
    set_caps(OPERATOR, world.organization, units=MonthlyUnits(read=10))
    create_stream(
        OPERATOR, world.organization, name="siem", kind="http",
        config={"url": "https://siem.invalid/hook"},
    )  # fmt: skip
    alice = world.alice
    delete_organization(alice, world.organization)
    assert find_organization("pine") is None
    assert world.alice.grants == ()
    assert organizations_of(world.people["bob"]) == []
    last = Event.objects.using("system").order_by("id").last()
    assert last is not None
    assert last.sentence == "Alice deleted the organization Pine"
    with pytest.raises(NotFound):
        delete_organization(alice, world.organization)


def test_an_organization_whose_index_was_deleted_can_go(world: World) -> None:
    index = world.index()
    delete_index(OPERATOR, index)
    reconcile(index.pk)
    delete_project(world.alice, world.project)
    delete_organization(world.alice, world.organization)
    assert find_organization("pine") is None


def test_members_of_a_suspended_organization_are_told_and_hold_nothing(world: World) -> None:
    suspend_organization(OPERATOR, world.organization, reason="unpaid")
    for actor in (world.alice, world.vera):
        assert actor.grants == ()
        assert visible_projects(actor, world.organization) == []
        with pytest.raises(OrganizationSuspended, match="Pine is suspended"):
            get_organization(actor, "pine")
    with pytest.raises(NotFound):
        get_organization(world.mallory, "pine")
    assert [one.name for one in organizations_of(world.people["vera"])] == ["Pine"]
    assert get_organization(OPERATOR, "pine").is_suspended
    resume_organization(OPERATOR, world.organization)
    assert get_organization(world.vera, "pine").name == "Pine"


def test_other_organizations_do_not_notice_a_suspension(world: World) -> None:
    _, theirs = world.key(project=world.their_project)
    suspend_organization(OPERATOR, world.organization)
    assert get_organization(world.mallory, "oak").name == "Oak"
    assert authenticate_api_key(theirs)[1].pk == world.their_project.pk


def test_keys_of_a_suspended_organization_are_refused_by_both_planes(world: World) -> None:
    key, value = world.key()

    def as_nodes_see_it() -> tuple[int, bool]:
        url = environment().database_system_url.get_secret_value()
        with connect(url, name="test") as connection:
            row = catalog.load_api_key(connection, key.public_id)
            assert row is not None
            return catalog.version(connection), row.revoked_at is not None

    before, _ = as_nodes_see_it()
    suspend_organization(OPERATOR, world.organization)
    with pytest.raises(Unauthenticated):
        authenticate_api_key(value)
    assert as_nodes_see_it() == (before + 1, True)
    resume_organization(OPERATOR, world.organization)
    assert authenticate_api_key(value)[0].principal_id == key.pk
    assert as_nodes_see_it() == (before + 2, False)


def test_suspending_twice_is_the_same_wish(world: World) -> None:
    first = suspend_organization(OPERATOR, world.organization).suspended_at
    again = suspend_organization(OPERATOR, world.organization).suspended_at
    assert again == first
    for _ in range(2):
        assert not resume_organization(OPERATOR, world.organization).is_suspended


def test_only_the_operator_suspends(world: World) -> None:
    for verb in (suspend_organization, resume_organization):
        with pytest.raises(PermissionDenied):
            verb(world.alice, world.organization)


def test_nobody_joins_a_suspended_organization(world: World) -> None:
    _, plain = create_invitation(
        world.alice, world.organization,
        email="mallory@example.com", assignments=[Assignment(Role.ORG_MEMBER)],
    )  # fmt: skip
    suspend_organization(OPERATOR, world.organization)
    with pytest.raises(OrganizationSuspended):
        accept_invitation(world.people["mallory"], plain.value)


def test_where_nobody_signs_up_nobody_founds_organizations(world: World) -> None:
    with pytest.raises(Forbidden, match="made by the operator"):
        create_own_organization(world.people["mallory"], name="Ash")
