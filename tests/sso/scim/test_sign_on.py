"""The directory and single sign-on together: who was provisioned signs in until the end."""

from typing import Any

import pytest
from django.test import Client

from access.actor import OPERATOR
from access.permissions import Role
from accounts.models import User
from kit.errors import FailedPrecondition
from orgs.invitations import create_invitation
from orgs.members import create_member
from orgs.models import EmailDomain, UserManagement
from orgs.queries import grants_of
from orgs.role_bindings import Assignment
from orgs.tenancy import tenant
from sso.errors import Fault
from sso.scim.users import create_user
from sso.user_management import set_user_management
from tests.sso.provider import DOMAIN, browser, provider_of
from tests.sso.provider import Provider as SamlProvider
from tests.sso.scim.conftest import Provider
from tests.support.directory import described, members, token_of
from tests.support.name_server import NameServer
from tests.support.world import PASSWORD, World

OLGA, NINA = f"olga@{DOMAIN}", f"nina@{DOMAIN}"


@pytest.fixture
def saml(world: World, names: NameServer) -> SamlProvider:
    return provider_of(world, names)


@pytest.fixture
def scim(world: World, saml: SamlProvider) -> Provider:
    """Manages the people of an organization that has a connection, too."""
    organization = world.organization
    create_member(
        OPERATOR, organization, email=OLGA, name="Olga", password=PASSWORD, role=Role.ORG_OWNER
    )
    create_user(OPERATOR, organization, wanted=described(OLGA, roles=["pinecone:OrgOwner"]))
    set_user_management(OPERATOR, organization, mode=UserManagement.SCIM)
    return Provider(token_of(organization), organization)


def is_in(client: Client, world: World) -> bool:
    return bool(client.get(f"/o/{world.organization.slug}").status_code == 200)


def fault_of(answer: Any) -> str:
    page = answer.content.decode()
    return str(page.partition("<dt>Code</dt><dd><code>")[2].partition("<")[0])


def test_only_whom_the_directory_holds_signs_in(
    world: World, saml: SamlProvider, scim: Provider
) -> None:
    stranger = saml.sign_in(browser(), NINA)
    assert fault_of(stranger) == Fault.JOINING_CLOSED
    nina = scim.made(NINA)
    here = browser()
    saml.sign_in(here, NINA, name_id="nina-1")
    assert is_in(here, world)
    scim.patch(f"/Users/{nina}", {"op": "replace", "value": {"active": False}})
    assert not is_in(here, world)
    assert fault_of(saml.sign_in(browser(), NINA, name_id="nina-1")) == Fault.REMOVED
    scim.patch(f"/Users/{nina}", {"op": "replace", "value": {"active": True}})
    again = browser()
    saml.sign_in(again, NINA, name_id="nina-1")
    assert is_in(again, world)


def test_an_invitation_opens_nothing_while_the_directory_decides(
    world: World, saml: SamlProvider, scim: Provider
) -> None:
    """By its link it is refused already; a sign-on is no way around that."""
    person = create_member(
        OPERATOR, world.elsewhere, email=NINA, name="Nina", password=PASSWORD, role=Role.ORG_MEMBER
    )
    create_invitation(
        OPERATOR, world.organization, email=NINA, assignments=[Assignment(Role.ORG_OWNER)]
    )
    here = browser()
    assert fault_of(saml.sign_in(here, NINA)) == Fault.JOINING_CLOSED
    assert not is_in(here, world)
    assert {grant.organization_id for grant in grants_of(person.pk)} == {world.elsewhere.pk}
    scim.made(NINA)
    saml.sign_in(here, NINA)
    assert is_in(here, world)
    assert Role.ORG_OWNER not in {grant.role for grant in grants_of(person.pk)}


def test_roles_of_an_assertion_mean_nothing_while_the_directory_decides(
    world: World, saml: SamlProvider, scim: Provider
) -> None:
    scim.made(NINA)
    here = browser()
    saml.sign_in(here, NINA, attributes={"roles": ("pinecone:OrgOwner",)})
    assert is_in(here, world)
    (nina,) = User.objects.filter(email=NINA)
    assert [grant.role for grant in grants_of(nina.pk)] == [Role.ORG_MEMBER]


def test_a_new_user_name_keeps_who_the_person_is_to_the_provider(
    world: World, saml: SamlProvider, scim: Provider
) -> None:
    nina, newer = scim.made(NINA), f"nina.fir@{DOMAIN}"
    here = browser()
    saml.sign_in(here, NINA, name_id="nina-1")
    scim.patch(f"/Users/{nina}", {"op": "replace", "path": "userName", "value": newer})
    assert not is_in(here, world)
    saml.sign_in(here, newer, name_id="nina-1")
    assert is_in(here, world)
    assert NINA not in members(world.organization)


def test_who_belongs_elsewhere_too_stays_signed_in_there(world: World, scim: Provider) -> None:
    person = create_member(
        OPERATOR, world.elsewhere, email=NINA, name="Nina", password=PASSWORD, role=Role.ORG_MEMBER
    )
    nina = scim.made(NINA)
    here = browser()
    here.force_login(person)
    assert is_in(here, world)
    scim.patch(f"/Users/{nina}", {"op": "replace", "value": {"active": False}})
    assert not is_in(here, world)
    assert here.get(f"/o/{world.elsewhere.slug}").status_code == 200


def test_roles_follow_sign_ons_only_where_a_connection_is_active(
    world: World, saml: SamlProvider
) -> None:
    with pytest.raises(FailedPrecondition, match="connection is active"):
        set_user_management(world.mallory, world.elsewhere, mode=UserManagement.SAML)
    set_user_management(world.alice, world.organization, mode=UserManagement.SAML)


def test_a_domain_of_another_spelling_is_no_verified_one(world: World, scim: Provider) -> None:
    with tenant(world.organization.pk):
        assert EmailDomain.objects.filter(domain=DOMAIN).exists()
    before = members(world.organization)
    for name in (f"nina@{DOMAIN}.", f"nina@{DOMAIN.replace('i', 'і')}", f"nina@evil.{DOMAIN}"):
        status, reply = scim.call("POST", "/Users", {"userName": name, "schemas": [
            "urn:ietf:params:scim:schemas:core:2.0:User"]})  # fmt: skip
        assert (status, reply["scimType"]) == (400, "invalidValue")
    assert members(world.organization) == before
