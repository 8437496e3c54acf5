"""What people see of a suspended organization."""

from collections.abc import Callable

from django.test import Client

from access.actor import OPERATOR
from access.permissions import Role
from accounts.models import User
from orgs.members import add_member
from orgs.organizations import resume_organization, suspend_organization
from tests.console.conftest import Site

AsUser = Callable[[User], Client]


def test_members_are_told_until_it_is_resumed(site: Site, as_user: AsUser) -> None:
    clients = [as_user(site.alice), as_user(site.vera)]
    suspend_organization(OPERATOR, site.organization, reason="unpaid")
    for client in clients:
        for page in (site.home, site.place, f"{site.place}/indexes"):
            response = client.get(page)
            assert response.status_code == 403
            assert "Pine is suspended" in response.text
            assert "for a role" not in response.text
        assert client.get("/").headers["Location"] == site.home
    resume_organization(OPERATOR, site.organization)
    assert [client.get(site.place).status_code for client in clients] == [200, 200]


def test_a_suspended_organization_is_not_found_by_strangers(site: Site, as_user: AsUser) -> None:
    suspend_organization(OPERATOR, site.organization)
    client = as_user(site.mallory)
    assert client.get(site.home).status_code == 404
    assert client.get("/o/oak").status_code == 200


def test_who_belongs_elsewhere_too_comes_in_there(site: Site, as_user: AsUser) -> None:
    add_member(OPERATOR, site.world.elsewhere, user=site.vera, role=Role.ORG_MEMBER)
    client = as_user(site.vera)
    client.get(site.home)
    assert client.get("/").headers["Location"] == site.home
    suspend_organization(OPERATOR, site.organization)
    assert client.get("/").headers["Location"] == "/o/oak"
