"""The directory's page: tokens shown once, who decides, what groups hold; owners only."""

import re
from collections.abc import Callable

import pytest
from django.test import Client

from access.actor import OPERATOR
from accounts.models import User
from orgs.models import UserManagement
from orgs.organizations import set_plan
from orgs.plans import Plan
from sso.scim.groups import create_group
from sso.scim.queries import directory_groups, scim_tokens
from sso.scim.resources import Group
from sso.scim.tokens import authenticate_scim_token, create_scim_token
from tests.console.conftest import Site
from tests.matrix.cast import Person
from tests.support.directory import managed_by_scim

AsUser = Callable[[User], Client]
SECRET = re.compile(r"spscim_[0-9A-Za-z]{8}_[0-9A-Za-z]{46}")


@pytest.fixture
def owner(site: Site) -> Client:
    """Alice, who has proven herself just now."""
    return Person("owner", site.alice).browser()


def page(site: Site, client: Client) -> str:
    reply = client.get(f"{site.home}/directory")
    assert reply.status_code == 200
    return reply.content.decode()


def test_a_token_is_shown_once_and_works(site: Site, owner: Client) -> None:
    assert "No SCIM tokens yet" in page(site, owner)
    reply = owner.post(f"{site.home}/directory/tokens/new", {"name": "Okta", "lifetime": "90"})
    (value,) = SECRET.findall(reply.content.decode())
    assert "no-store" in reply["Cache-Control"]
    assert authenticate_scim_token(value, site.organization.public_id)
    shown = page(site, owner)
    assert f"/scim/v2/{site.organization.public_id}" in shown
    assert "by Alice" in shown
    assert SECRET.search(shown) is None


def test_of_two_tokens_none_is_offered_more_until_one_is_revoked(site: Site, owner: Client) -> None:
    for name in ("Okta", "Next"):
        create_scim_token(OPERATOR, site.organization, name=name, days=None)
    assert "Create SCIM token" not in page(site, owner)
    reply = owner.post(f"{site.home}/directory/tokens/new", {"name": "Third"})
    assert reply.status_code == 422
    assert "at most 2 SCIM tokens" in reply.content.decode()
    token = scim_tokens(OPERATOR, site.organization)[0]
    address = f"{site.home}/directory/tokens/{token.pk}/revoke"
    assert "Revoke Next?" in owner.get(address).content.decode()
    assert owner.post(address).status_code == 302
    assert [one.name for one in scim_tokens(OPERATOR, site.organization)] == ["Okta"]
    assert "Create SCIM token" in page(site, owner)


def test_owners_choose_who_decides_and_are_told_what_is_missing(site: Site, owner: Client) -> None:
    address = f"{site.home}/directory/decide"
    reply = owner.post(address, {"mode": "scim"})
    assert reply.status_code == 409
    assert "provisioned an owner of today" in reply.content.decode()
    managed_by_scim(site.organization)
    assert owner.post(address, {"mode": "console"}).status_code == 302
    site.organization.refresh_from_db(using="system")
    assert site.organization.user_management == UserManagement.CONSOLE


def test_owners_choose_what_a_group_holds(site: Site, owner: Client) -> None:
    group = create_group(OPERATOR, site.organization, wanted=Group(display_name="<b>Staff</b>"))
    assert "&lt;b&gt;Staff" in page(site, owner)
    address = f"{site.home}/directory/groups/{group.pk}/roles"
    assert str(site.project.pk) in owner.get(address).content.decode()
    reply = owner.post(address, {"roles": "pinecone:Root"})
    assert reply.status_code == 422
    assert "is no role" in reply.content.decode()
    roles = [f"pinecone:project:{site.project.pk}:ProjectViewer", "pinecone:OrgManager"]
    assert owner.post(address, {"roles": "\r\n".join(roles)}).status_code == 302
    assert directory_groups(OPERATOR, site.organization)[0].roles == roles
    assert "pinecone:OrgManager" in page(site, owner)


def test_it_asks_for_a_fresh_proof(site: Site, as_user: AsUser) -> None:
    client = as_user(site.alice)
    for path in ("", "/tokens/new"):
        reply = client.get(f"{site.home}/directory{path}")
        assert reply["Location"].startswith("/confirm?next=")


def test_others_neither_reach_nor_are_shown_it(site: Site, as_user: AsUser) -> None:
    assert f'href="{site.home}/directory"' in as_user(site.alice).get(site.home).content.decode()
    assert "/directory" not in as_user(site.vera).get(site.home).content.decode()
    assert Person("vera", site.vera).browser().get(f"{site.home}/directory").status_code == 403
    assert (
        Person("mallory", site.mallory).browser().get(f"{site.home}/directory").status_code == 404
    )


def test_another_organizations_tokens_and_groups_are_missing_ones(
    site: Site, owner: Client
) -> None:
    elsewhere = site.world.elsewhere
    token, _ = create_scim_token(OPERATOR, elsewhere, name="Okta")
    group = create_group(OPERATOR, elsewhere, wanted=Group(display_name="Staff"))
    paths = (f"tokens/{token.pk}/revoke", f"groups/{group.pk}/roles")
    for path in paths:
        address = f"{site.home}/directory/{path}"
        assert owner.get(address).status_code == 404
        assert owner.post(address, {"roles": "pinecone:OrgOwner"}).status_code == 404
    assert len(scim_tokens(OPERATOR, elsewhere)) == 1
    assert directory_groups(OPERATOR, elsewhere)[0].roles == []


def test_a_plan_without_scim_is_told_and_offered_nothing(site: Site, owner: Client) -> None:
    set_plan(OPERATOR, site.organization, plan=Plan.STANDARD)
    shown = page(site, owner)
    assert "does not include SCIM" in shown
    assert "tokens/new" not in shown
    reply = owner.post(f"{site.home}/directory/tokens/new", {"name": "Okta"})
    assert "does not include SCIM" in reply.content.decode()
    assert scim_tokens(OPERATOR, site.organization) == []
