"""What records of the directory mean: members, their roles, and the end of both."""

from uuid import UUID

import pytest
from allauth.usersessions.models import UserSession
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from access.actor import OPERATOR
from access.permissions import Role
from accounts.models import User as Account
from accounts.second_factors import has_second_factor
from accounts.sessions import sessions_of
from audit.models import Event
from kit.errors import Aborted, AlreadyExists, FailedPrecondition, InvalidArgument, PaymentRequired
from orgs.departures import leave_organization, remove_member
from orgs.members import create_member, join
from orgs.models import Organization, RoleBinding, UserManagement
from orgs.organizations import set_plan
from orgs.plans import Plan
from orgs.tenancy import tenant
from sso.scim.groups import change_group, create_group, delete_group, map_group
from sso.scim.models import DirectoryUser
from sso.scim.queries import scim_tokens
from sso.scim.resources import Group, GroupMember, User
from sso.scim.users import change_user, create_user, delete_user
from sso.user_management import set_user_management
from tests.support.codes import with_app
from tests.support.directory import (
    OAK,
    PINE,
    described,
    managed_by_scim,
    members,
    token_of,
    verify,
)
from tests.support.world import PASSWORD, World


@pytest.fixture
def managed(world: World) -> World:
    managed_by_scim(world.organization)
    return world


def added(world: World, name: str, *roles: str, active: bool = True) -> DirectoryUser:
    wanted = described(f"{name}@{PINE}", roles=list(roles), active=active)
    return create_user(OPERATOR, world.organization, wanted=wanted)


def changed(world: World, row: DirectoryUser, **attributes: object) -> DirectoryUser:
    def change(user: User) -> User:
        said = {**user.model_dump(), **attributes}
        return User.model_validate(said)

    return change_user(OPERATOR, world.organization, user_id=row.pk, change=change)


def grouped(name: str, *people: DirectoryUser) -> Group:
    return Group(display_name=name, members=[GroupMember(value=str(one.pk)) for one in people])


def roles_of(world: World, name: str) -> set[tuple[str, UUID]]:
    with tenant(world.organization.pk):
        held = RoleBinding.objects.filter(
            principal_id__in=Account.objects.filter(email=f"{name}@{PINE}").values("pk")
        )
        return set(held.values_list("role", "resource_id"))


def test_an_active_record_is_a_member_with_a_new_account_that_no_password_opens(
    managed: World,
) -> None:
    row = added(managed, "nina")
    assert row.user is not None
    assert not row.user.has_usable_password()
    assert f"nina@{PINE}" in members(managed.organization)
    assert roles_of(managed, "nina") == {("OrgMember", managed.organization.pk)}


def test_roles_are_what_the_record_says_and_unknown_ones_mean_nothing(managed: World) -> None:
    project = managed.project.pk
    row = added(
        managed, "nina", "pinecone:OrgManager", f"pinecone:project:{project}:ProjectEditor",
        f"pinecone:project:{managed.their_project.pk}:ProjectOwner", "admin", "pinecone:Root",
    )  # fmt: skip
    organization = managed.organization.pk
    assert roles_of(managed, "nina") == {("OrgManager", organization), ("ProjectEditor", project)}
    changed(managed, row, roles=[{"value": "pinecone:OrgBillingAdmin"}])
    assert roles_of(managed, "nina") == {("OrgBillingAdmin", organization)}


def test_groups_give_roles_by_name_and_by_an_owners_choice(managed: World) -> None:
    nina, otto = added(managed, "nina"), added(managed, "otto")
    named = create_group(
        OPERATOR, managed.organization, wanted=grouped("pinecone:OrgManager", nina)
    )
    staff = create_group(OPERATOR, managed.organization, wanted=grouped("Staff", nina, otto))
    organization, project = managed.organization.pk, managed.project.pk
    assert roles_of(managed, "nina") == {("OrgManager", organization)}
    map_group(managed.alice, staff, roles=[f"pinecone:project:{project}:ProjectViewer"])
    assert roles_of(managed, "otto") == {("OrgMember", organization), ("ProjectViewer", project)}
    change_group(
        OPERATOR, managed.organization,
        group_id=named.pk, change=lambda _group: grouped("pinecone:OrgManager", otto),
    )  # fmt: skip
    assert roles_of(managed, "nina") == {("OrgMember", organization), ("ProjectViewer", project)}
    assert roles_of(managed, "otto") == {("OrgManager", organization), ("ProjectViewer", project)}
    delete_group(OPERATOR, managed.organization, group_id=staff.pk)
    assert roles_of(managed, "otto") == {("OrgManager", organization)}


def test_renaming_a_group_takes_what_its_name_gave(managed: World) -> None:
    nina = added(managed, "nina")
    group = create_group(
        OPERATOR, managed.organization, wanted=grouped("pinecone:OrgManager", nina)
    )
    change_group(
        OPERATOR, managed.organization,
        group_id=group.pk, change=lambda _group: grouped("Staff", nina),
    )  # fmt: skip
    assert roles_of(managed, "nina") == {("OrgMember", managed.organization.pk)}


def test_a_group_that_gives_nothing_costs_as_much_for_many_as_for_few(managed: World) -> None:
    people = [added(managed, f"u{number}") for number in range(8)]
    costs = []
    for name, count in (("Few", 2), ("Many", 8)):
        with CaptureQueriesContext(connection) as asked:
            create_group(OPERATOR, managed.organization, wanted=grouped(name, *people[:count]))
        costs.append(len(asked))
    assert costs[0] == costs[1]


@pytest.mark.parametrize("end", ["deactivated", "deleted"])
def test_the_end_of_a_record_ends_membership_roles_and_sessions_at_once(
    managed: World, end: str
) -> None:
    row = added(managed, "nina", "pinecone:OrgManager")
    assert row.user is not None
    browser = Client(HTTP_ACCEPT="text/html")
    browser.force_login(row.user)
    key = browser.session.session_key
    UserSession.objects.create(user=row.user, session_key=key, ip="192.0.2.9", user_agent="test")
    address = f"/o/{managed.organization.slug}/roles"
    assert browser.get(address).status_code == 200
    assert len(sessions_of(row.user)) == 1
    if end == "deactivated":
        changed(managed, row, active=False)
    else:
        delete_user(OPERATOR, managed.organization, user_id=row.pk)
    assert f"nina@{PINE}" not in members(managed.organization)
    assert roles_of(managed, "nina") == set()
    assert sessions_of(row.user) == []
    reply = browser.get(address)
    assert reply.status_code == 302
    assert reply["Location"].startswith("/signin")


def test_who_is_active_again_comes_back_with_the_roles_of_now(managed: World) -> None:
    row = added(managed, "nina", "pinecone:OrgManager")
    changed(managed, row, active=False)
    changed(managed, row, active=True)
    assert roles_of(managed, "nina") == {("OrgManager", managed.organization.pk)}


def test_the_last_owner_can_neither_go_nor_step_down(managed: World) -> None:
    remove_member(OPERATOR, managed.organization, user=managed.people["alice"])
    with tenant(managed.organization.pk):
        (olga,) = DirectoryUser.objects.filter(user_key=f"olga@{PINE}")
    for attributes in ({"active": False}, {"roles": None}):
        with pytest.raises(Aborted, match="needs an owner"):
            changed(managed, olga, **attributes)
    with pytest.raises(Aborted):
        delete_user(OPERATOR, managed.organization, user_id=olga.pk)
    assert roles_of(managed, "olga") == {("OrgOwner", managed.organization.pk)}


def test_ownership_passes_from_one_to_another_within_one_change(managed: World) -> None:
    remove_member(OPERATOR, managed.organization, user=managed.people["alice"])
    with tenant(managed.organization.pk):
        (olga,) = DirectoryUser.objects.filter(user_key=f"olga@{PINE}")
    nina = added(managed, "nina")
    owners = create_group(OPERATOR, managed.organization, wanted=grouped("pinecone:OrgOwner", olga))
    changed(managed, olga, roles=None)
    change_group(
        OPERATOR, managed.organization,
        group_id=owners.pk, change=lambda _group: grouped("pinecone:OrgOwner", nina),
    )  # fmt: skip
    assert roles_of(managed, "nina") == {("OrgOwner", managed.organization.pk)}
    assert roles_of(managed, "olga") == {("OrgMember", managed.organization.pk)}


def test_an_address_of_a_foreign_domain_makes_nobody(managed: World) -> None:
    verify(managed.elsewhere, OAK)
    before = members(managed.organization)
    for address in (
        "mallory@example.com",
        f"eve@{OAK}",
        f"x@{OAK}@{PINE}",
        f"eve@sub.{PINE}",
        "nina",
    ):
        with pytest.raises(InvalidArgument, match="userName must be"):
            create_user(OPERATOR, managed.organization, wanted=described(address))
    row = added(managed, "nina")
    with pytest.raises(InvalidArgument, match="verified"):
        changed(managed, row, userName=f"eve@{OAK}")
    assert members(managed.organization) == {*before, f"nina@{PINE}"}


def test_a_lapsed_domain_keeps_nobody_from_being_deactivated(managed: World) -> None:
    row = added(managed, "nina")
    with tenant(managed.organization.pk):
        managed.organization.email_domains.update(verified_at=None)
    changed(managed, row, active=False)
    assert f"nina@{PINE}" not in members(managed.organization)


def test_an_account_that_exists_becomes_a_member_and_stays_one_elsewhere(managed: World) -> None:
    create_member(
        OPERATOR, managed.elsewhere,
        email=f"nina@{PINE}", name="Nina", password=PASSWORD, role=Role.ORG_MEMBER,
    )  # fmt: skip
    row = added(managed, "nina")
    assert row.user is not None
    assert row.user.check_password(PASSWORD)
    changed(managed, row, active=False)
    assert f"nina@{PINE}" in members(managed.elsewhere)
    row.user.refresh_from_db()
    assert row.user.is_active


def test_a_new_user_name_stands_for_another_account(managed: World) -> None:
    row = added(managed, "nina", "pinecone:OrgManager")
    first = row.user
    row = changed(managed, row, userName=f"nina.otto@{PINE}")
    assert first is not None
    assert row.user != first
    assert roles_of(managed, "nina") == set()
    assert roles_of(managed, "nina.otto") == {("OrgManager", managed.organization.pk)}
    assert Account.objects.filter(email=f"nina@{PINE}").exists()


def former_nina(world: World) -> tuple[DirectoryUser, Account]:
    """Somebody with a password and a second factor, whose record was deleted."""
    wanted = described(f"nina@{PINE}").model_copy(update={"external_id": "n-1"})
    row = create_user(OPERATOR, world.organization, wanted=wanted)
    assert row.user is not None
    row.user.set_password(PASSWORD)
    row.user.save()
    with_app(row.user)
    delete_user(OPERATOR, world.organization, user_id=row.pk)
    return row, row.user


def test_who_comes_back_finds_their_account_as_it_was(managed: World) -> None:
    _, user = former_nina(managed)
    wanted = described(f"nina@{PINE}").model_copy(update={"external_id": "n-1"})
    again = create_user(OPERATOR, managed.organization, wanted=wanted)
    assert again.user == user
    user.refresh_from_db()
    assert user.check_password(PASSWORD)
    assert has_second_factor(user)


def test_a_new_holder_of_an_address_does_not_let_the_old_one_in(managed: World) -> None:
    _, user = former_nina(managed)
    UserSession.objects.create(user=user, session_key="k" * 32, ip="192.0.2.9", user_agent="test")
    wanted = described(f"nina@{PINE}").model_copy(update={"external_id": "n-2"})
    row = create_user(OPERATOR, managed.organization, wanted=wanted)
    assert row.user == user
    user.refresh_from_db()
    assert not user.has_usable_password()
    assert not has_second_factor(user)
    assert not UserSession.objects.filter(user=user).exists()
    event = Event.objects.using("system").order_by("-id")[0]
    assert event.parameters["account"] == "handed over"
    changed(managed, row, active=False)
    changed(managed, row, active=True)
    assert f"nina@{PINE}" in members(managed.organization)


def test_no_organization_takes_an_account_that_is_in_use_elsewhere(managed: World) -> None:
    _, user = former_nina(managed)
    with tenant(managed.elsewhere.pk):
        join(managed.elsewhere, user, Role.ORG_MEMBER)
    wanted = described(f"nina@{PINE}").model_copy(update={"external_id": "n-2"})
    with pytest.raises(AlreadyExists, match="belongs to another organization"):
        create_user(OPERATOR, managed.organization, wanted=wanted)
    user.refresh_from_db()
    assert user.check_password(PASSWORD)
    assert f"nina@{PINE}" not in members(managed.organization)


def test_a_name_that_was_given_up_does_not_come_with_its_account(managed: World) -> None:
    row = added(managed, "nina")
    first = row.user
    assert first is not None
    first.set_password(PASSWORD)
    first.save()
    row = changed(managed, row, userName=f"nina.otto@{PINE}")
    other = added(managed, "nina")
    assert other.user == first
    first.refresh_from_db()
    assert not first.has_usable_password()
    delete_user(OPERATOR, managed.organization, user_id=other.pk)
    # And who takes their own former name again is the same person.
    row = changed(managed, row, userName=f"nina.three@{PINE}")
    second = Account.objects.filter(email=f"nina.otto@{PINE}")[0]
    second.set_password(PASSWORD)
    second.save()
    changed(managed, row, userName=f"nina.otto@{PINE}")
    second.refresh_from_db()
    assert second.check_password(PASSWORD)


def test_one_user_name_is_one_record_however_it_is_spelt(managed: World) -> None:
    added(managed, "nina")
    with pytest.raises(AlreadyExists):
        added(managed, "NINA")


def test_until_scim_manages_people_records_wait(world: World) -> None:
    verify(world.organization, PINE)
    added(world, "nina", "pinecone:OrgManager")
    assert f"nina@{PINE}" not in members(world.organization)
    assert not Account.objects.filter(email=f"nina@{PINE}").exists()


def test_scim_takes_over_once_an_owner_of_today_is_provisioned_as_one(world: World) -> None:
    verify(world.organization, PINE)
    added(world, "nina", "pinecone:OrgOwner")
    with pytest.raises(FailedPrecondition, match="provisioned an owner of today"):
        set_user_management(world.alice, world.organization, mode=UserManagement.SCIM)
    managed_by_scim_with(world, "olga")
    assert members(world.organization) >= {f"nina@{PINE}", f"olga@{PINE}", "bob@example.com"}


def managed_by_scim_with(world: World, name: str) -> None:
    create_member(
        OPERATOR, world.organization,
        email=f"{name}@{PINE}", name=name, password=PASSWORD, role=Role.ORG_OWNER,
    )  # fmt: skip
    added(world, name, "pinecone:OrgOwner")
    set_user_management(world.alice, world.organization, mode=UserManagement.SCIM)


def test_whom_the_directory_holds_nobody_removes_here(managed: World) -> None:
    row = added(managed, "nina")
    assert row.user is not None
    with pytest.raises(FailedPrecondition, match="SCIM"):
        remove_member(managed.alice, managed.organization, user=row.user)
    nina = managed.people["nina"] = row.user
    with pytest.raises(FailedPrecondition, match="SCIM"):
        leave_organization(managed.actor("nina"), managed.organization, user=nina)


def test_leaving_scim_revokes_its_tokens_and_keeps_roles_and_records(managed: World) -> None:
    row = added(managed, "nina", "pinecone:OrgManager")
    token_of(managed.organization)
    set_user_management(managed.alice, managed.organization, mode=UserManagement.CONSOLE)
    assert scim_tokens(managed.alice, managed.organization) == []
    assert roles_of(managed, "nina") == {("OrgManager", managed.organization.pk)}
    changed(managed, row, active=False)
    assert f"nina@{PINE}" in members(managed.organization)


def test_it_needs_enterprise(managed: World) -> None:
    set_plan(OPERATOR, managed.organization, plan=Plan.STANDARD)
    with pytest.raises(PaymentRequired, match="SCIM"):
        added(managed, "nina")
    organization = Organization.objects.using("system").filter(pk=managed.elsewhere.pk)[0]
    set_plan(OPERATOR, organization, plan=Plan.STANDARD)
    with pytest.raises(PaymentRequired, match="SCIM"):
        set_user_management(managed.mallory, organization, mode=UserManagement.SCIM)
