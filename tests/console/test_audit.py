"""The audit log on the console: narrowed, looked into, exported and verified by owners."""

import json
from datetime import timedelta

import pytest
from django.test import Client

from access.actor import OPERATOR
from console.views import audit as views
from kit import clock
from orgs.audit_log import search_events
from tests.console.conftest import Site
from tests.console.test_directory import AsUser
from tests.matrix.cast import Person


@pytest.fixture
def as_user() -> AsUser:
    """A browser in which that person has proven themselves just now."""
    return lambda user: Person(user.name, user).browser()


@pytest.fixture
def owner(site: Site, as_user: AsUser) -> Client:
    return as_user(site.alice)


def body(site: Site, client: Client, path: str = "", status: int = 200) -> str:
    reply = client.get(f"{site.home}/audit{path}")
    assert reply.status_code == status
    return reply.content.decode()


def test_filters_narrow_the_log_and_stay_in_the_form(site: Site, owner: Client) -> None:
    site.world.key()
    assert '<code class="muted">api_key.created</code>' in body(site, owner)
    narrowed = body(site, owner, "?action=api_key.created")
    assert '<code class="muted">api_key.created</code>' in narrowed
    assert '<code class="muted">project.created</code>' not in narrowed
    assert '<option value="api_key.created" selected>' in narrowed
    tomorrow = (clock.now() + timedelta(days=1)).date()
    assert "No entries match" in body(site, owner, f"?since={tomorrow}")


@pytest.mark.parametrize("filter_", ["ip=nowhere", "action=made.up", "since=soon", "before=x"])
def test_a_filter_that_cannot_be_used_is_refused_beside_the_form(
    site: Site, owner: Client, filter_: str
) -> None:
    shown = body(site, owner, f"?{filter_}", status=422)
    assert "errorlist" in shown


def test_an_entry_shows_all_that_is_kept_of_it(site: Site, owner: Client) -> None:
    site.world.key()
    (newest,) = search_events(OPERATOR, site.organization, limit=1).events
    shown = body(site, owner, f"/{newest.pk}")
    for kept in (newest.action, newest.actor_name, newest.target_name):
        assert kept in shown


def test_an_export_holds_what_fits_and_is_an_entry_itself(site: Site, owner: Client) -> None:
    site.world.key()
    wish = {"format": "jsonl", "action": "api_key.created"}
    reply = owner.post(f"{site.home}/audit/export", wish)
    assert "attachment" in reply["Content-Disposition"]
    lines = b"".join(reply.streaming_content).splitlines()
    assert len(lines) == 1
    assert json.loads(lines[0])["organization_name"] == site.organization.name
    assert '<code class="muted">audit.exported</code>' in body(site, owner)


def test_the_chain_is_verified_on_demand(site: Site, owner: Client) -> None:
    reply = owner.post(f"{site.home}/audit/verify")
    assert reply.status_code == 200
    _, found, said = reply.content.decode().partition('<div role="status">')
    assert found
    assert "The chain holds" in said.partition("</div>")[0]


def test_it_is_not_verified_over_and_over(site: Site, owner: Client) -> None:
    statuses = [owner.post(f"{site.home}/audit/verify").status_code for _ in range(11)]
    assert statuses == [*[200] * 10, 429]


def test_a_chain_too_long_to_wait_for_is_left_to_the_operator(
    site: Site, owner: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "_MAX_FOLLOWED", 2)
    reply = owner.post(f"{site.home}/audit/verify")
    assert reply.status_code == 409
    assert "stonepine audit verify" in reply.content.decode()


def test_an_export_asks_for_a_fresh_proof(site: Site) -> None:
    client = Client(HTTP_ACCEPT="text/html")
    client.force_login(site.alice)
    reply = client.post(f"{site.home}/audit/export", {"format": "csv"})
    assert reply["Location"].startswith("/confirm?next=")


def test_entries_of_elsewhere_are_missing_ones(site: Site, owner: Client) -> None:
    (theirs,) = search_events(OPERATOR, site.world.elsewhere, limit=1).events
    body(site, owner, f"/{theirs.pk}", status=404)


def test_the_log_is_the_owners(site: Site, as_user: AsUser) -> None:
    for person in (site.bob, site.vera):
        client = as_user(person)
        assert client.get(f"{site.home}/audit").status_code == 403
        assert client.post(f"{site.home}/audit/export", {"format": "csv"}).status_code == 403
        assert "Audit log" not in client.get(site.home).content.decode()
