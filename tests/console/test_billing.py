"""Usage and billing: what owners and billing admins see, and that nobody else does."""

from collections.abc import Callable
from datetime import date

import pytest
from django.test import Client

from access.actor import OPERATOR
from access.permissions import Role
from accounts.models import User
from billing.queries import billing_contact
from orgs.members import create_member
from tests.console.conftest import Site
from tests.support.past import Past
from tests.support.world import PASSWORD

AsUser = Callable[[User], Client]
PAGES = ("/billing", "/billing/contact", "/billing/statement", "/quotas")
CARA = {
    "name": "Cara",
    "email": "cara@example.com",
    "address": "1 Road\r\nForest",
    "tax_id": "DE 1",
}


def member(site: Site, role: Role) -> User:
    return create_member(
        OPERATOR, site.organization,
        email="somebody@example.com", name="Somebody", password=PASSWORD, role=role,
    )  # fmt: skip


@pytest.mark.parametrize("role", [Role.ORG_OWNER, Role.ORG_BILLING_ADMIN])
def test_owners_and_billing_admins_reach_the_pages(site: Site, as_user: AsUser, role: Role) -> None:
    client = as_user(member(site, role))
    for page in PAGES:
        assert client.get(site.home + page).status_code == 200
    assert f'href="{site.home}/billing"' in client.get(site.home).content.decode()


@pytest.mark.parametrize("role", [Role.ORG_MANAGER, Role.ORG_MEMBER])
def test_other_members_neither_reach_nor_are_shown_them(
    site: Site, as_user: AsUser, role: Role
) -> None:
    client = as_user(member(site, role))
    for page in PAGES:
        assert client.get(site.home + page).status_code == 403
    assert client.post(f"{site.home}/billing/contact", CARA).status_code == 403
    assert "/billing" not in client.get(site.home).content.decode()


def test_strangers_find_nothing(site: Site, as_user: AsUser) -> None:
    client = as_user(site.mallory)
    for page in PAGES:
        assert client.get(site.home + page).status_code == 404
    assert Client().get(f"{site.home}/billing").status_code == 302


def test_a_month_is_shown_by_project_index_and_day(site: Site, as_user: AsUser, past: Past) -> None:
    index = site.world.index("movies")
    past.used(index, date(2020, 10, 3), read_units=12_345, queries=12_345, stored=2048)
    client = as_user(site.alice)
    for by, shown in (("project", "Search"), ("index", "movies"), ("day", "3 Oct 2020")):
        page = client.get(f"{site.home}/billing?month=2020-10&by={by}").content.decode()
        assert f">{shown}</" in page
        assert "12,345" in page
    assert "2.0\xa0KB" in page
    assert "Nothing was used" in client.get(f"{site.home}/billing?month=2020-09").content.decode()


def test_nonsense_in_the_address_is_refused_in_words(site: Site, as_user: AsUser) -> None:
    client = as_user(site.alice)
    for query in ("month=never", "month=2020-13", "by=colour"):
        reply = client.get(f"{site.home}/billing?{query}")
        assert reply.status_code == 400, query


def test_the_contact_is_named_and_shown(site: Site, as_user: AsUser) -> None:
    client = as_user(site.alice)
    assert "Nobody is named yet" in client.get(f"{site.home}/billing").content.decode()
    reply = client.post(f"{site.home}/billing/contact", CARA, follow=True)
    page = reply.content.decode()
    assert "Billing contact saved" in page
    assert "1 Road<br>Forest" in page
    held = billing_contact(site.world.alice, site.organization)
    assert (held.email, held.tax_id) == ("cara@example.com", "DE 1")
    form = client.get(f"{site.home}/billing/contact").content.decode()
    assert 'value="cara@example.com"' in form


def test_a_contact_without_an_address_of_mail_comes_back(site: Site, as_user: AsUser) -> None:
    reply = as_user(site.alice).post(f"{site.home}/billing/contact", CARA | {"email": "nobody"})
    assert reply.status_code == 422
    assert "This is not an e-mail address." in reply.content.decode()


def test_the_statement_is_a_file_of_its_month(site: Site, as_user: AsUser, past: Past) -> None:
    past.used(site.world.index("movies"), date(2020, 10, 3), read_units=7)
    reply = as_user(site.alice).get(f"{site.home}/billing/statement?month=2020-10")
    assert reply["Content-Type"] == "text/csv; charset=utf-8"
    assert reply["Content-Disposition"] == 'attachment; filename="stonepine-pine-2020-10.csv"'
    assert "no-store" in reply["Cache-Control"]
    lines = b"".join(reply.streaming_content).decode().splitlines()
    assert len(lines) == 3
    assert ",movies,2020-10-03,7," in lines[1]


def test_a_project_shows_what_its_own_indexes_used(site: Site, as_user: AsUser, past: Past) -> None:
    past.used(site.world.index("movies"), date(2026, 10, 3), read_units=1234, stored=2048)
    theirs = site.world.index("filme", project=site.world.their_project)
    past.used(theirs, date(2026, 10, 3), read_units=9876)
    client = as_user(site.vera)
    shown = client.get(f"{site.place}/usage?month=2026-10").text
    assert "movies" in shown
    assert "1,234" in shown
    assert "9,876" not in shown
    assert "3 Oct 2026" in client.get(f"{site.place}/usage?month=2026-10&by=day").text
    assert f'href="{site.place}/usage"' in shown


def test_quotas_are_told_for_each_project(site: Site, as_user: AsUser) -> None:
    site.world.index("movies")
    shown = as_user(site.alice).get(f"{site.home}/quotas").text
    assert "1 of 200" in shown
    assert 'aria-label="Indexes of Search"' in shown
