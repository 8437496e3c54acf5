"""Founding an organization in the console, where the operator lets people sign up."""

from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import User
from audit.models import Chain
from orgs.models import Organization
from tests.console.conftest import Site
from tests.support.world import PASSWORD

AsUser = Callable[[User], Client]


@pytest.fixture
def nora(site: Site) -> User:
    """Signed up, and belongs nowhere yet."""
    del site
    return User.objects.create_user("nora@example.com", PASSWORD, name="Nora")


def test_who_belongs_nowhere_founds_an_organization(
    as_user: AsUser, nora: User, is_open: None
) -> None:
    browser = as_user(nora)
    home = browser.get("/")
    assert "Create an organization" in home.content.decode()
    assert browser.post("/organizations/new", {"name": " "}).status_code == 422
    done = browser.post("/organizations/new", {"name": "Ash"})
    assert done["Location"] == "/o/ash"
    assert browser.get("/o/ash").status_code == 200
    assert Organization.objects.using("system").filter(founder_email=nora.email).count() == 1
    logs = Chain.objects.using("system").count()
    again = browser.post("/organizations/new", {"name": "Elm"})
    assert "founded an organization already" in again.content.decode()
    assert Chain.objects.using("system").count() == logs
    statuses = [browser.post("/organizations/new", {"name": "Elm"}).status_code for _ in range(12)]
    assert statuses[-1] == 429


def test_without_the_operators_leave_there_is_no_way_to_found(as_user: AsUser, nora: User) -> None:
    browser = as_user(nora)
    assert "Create an organization" not in browser.get("/").content.decode()
    assert browser.get("/organizations/new").status_code == 403
    assert browser.post("/organizations/new", {"name": "Ash"}).status_code == 403
    assert not Organization.objects.using("system").filter(name="Ash").exists()
