"""The link of an invitation: joining with an account, and making one first."""

import pytest
from django.test import Client

from access.permissions import Role
from accounts.models import User
from orgs.invitations import create_invitation
from orgs.queries import organizations_of
from orgs.role_bindings import Assignment
from tests.console.conftest import Site
from tests.support.world import PASSWORD

NEW = "nora@example.com"


@pytest.fixture
def browser() -> Client:
    return Client(HTTP_ACCEPT="text/html")


def invite(site: Site, email: str) -> str:
    _, plain = create_invitation(
        site.world.alice, site.organization, email=email, assignments=[Assignment(Role.ORG_MEMBER)]
    )
    return f"/invite/{plain.value}"


def test_an_invited_stranger_makes_an_account_and_joins(browser: Client, site: Site) -> None:
    link = invite(site, NEW)
    page = browser.get(link)
    assert "Join Pine" in page.content.decode()
    assert page["Referrer-Policy"] == "strict-origin"
    assert browser.post(link)["Location"] == "/signup"
    assert NEW in browser.get("/signup").content.decode()
    made = browser.post("/signup", {"name": "Nora", "password": PASSWORD})
    assert made["Location"] == link
    assert browser.post(link)["Location"] == site.home
    assert browser.get(site.home).status_code == 200
    assert organizations_of(User.objects.filter(email=NEW)[0]) == [site.organization]
    assert browser.get(link).status_code == 409


def test_an_invited_person_signs_in_and_joins(browser: Client, site: Site) -> None:
    link = invite(site, site.mallory.email)
    assert f"/signin?next={link}" in browser.get(link).content.decode()
    form = {"email": site.mallory.email, "password": PASSWORD, "next": link}
    assert browser.post("/signin", form)["Location"] == link
    assert browser.post(link)["Location"] == site.home


def test_somebody_else_cannot_join_with_the_link(browser: Client, site: Site) -> None:
    link = invite(site, NEW)
    browser.force_login(site.mallory)
    page = browser.get(link).content.decode()
    assert "Sign out, then open the link again" in page
    assert browser.post(link).status_code == 403
    assert site.organization not in organizations_of(site.mallory)


def test_made_up_links_are_few(browser: Client, site: Site) -> None:
    statuses = [browser.get("/invite/made-up").status_code for _ in range(12)]
    assert statuses == [404] * 10 + [429] * 2
