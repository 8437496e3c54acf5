"""The operator's pages: closed to all others, and what operators see and do on them."""

import re
from collections.abc import Callable

import pytest
from django.core import mail
from django.test import Client

from access.actor import OPERATOR
from accounts.models import User
from audit.models import Event
from indexes.backups import create_backup
from indexes.models import Node
from indexes.nodes import register_node
from kit.environment import environment
from orgs.models import Organization
from orgs.operators import add_operator
from tests.console.conftest import Site
from tests.matrix.cast import Person

AsUser = Callable[[User], Client]
PAGES = (
    "",
    "/nodes",
    "/organizations",
    "/organizations/pine",
    "/jobs",
    "/settings",
    "/diagnostics",
)
# The request's id, the token against forged forms.
_FRESH = re.compile(r'[0-9a-f]{32}|(?<=name="csrfmiddlewaretoken" value=")\w+')


@pytest.fixture
def operator(site: Site) -> Client:
    """Alice's browser, who runs the installation besides."""
    add_operator(OPERATOR, site.alice)
    return Person("operator", site.alice).browser()


def events(action: str) -> list[Event]:
    return list(Event.objects.using("system").filter(action=action).order_by("id"))


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("who", ["alice", "mallory", None])
def test_to_others_there_is_nothing(site: Site, page: str, who: str | None) -> None:
    client = Person("one", site.world.people[who] if who else None).browser()
    found, missing = client.get(f"/operator{page}"), client.get(f"/operatox{page}")
    assert (found.status_code, missing.status_code) == (404, 404)
    assert _alike(found.text) == _alike(missing.text).replace("operatox", "operator")
    apart = {"X-Pinecone-Request-Id", "Content-Length"}
    assert {k: v for k, v in found.headers.items() if k.title() not in apart} == {
        k: v for k, v in missing.headers.items() if k.title() not in apart
    }


def _alike(text: str) -> str:
    return _FRESH.sub("", text)


def test_every_page_is_open_to_operators_and_the_menu_leads_there(
    site: Site, operator: Client
) -> None:
    for page in PAGES:
        assert operator.get(f"/operator{page}").status_code == 200, page
    assert 'href="/operator"' in operator.get(site.home).text
    assert 'href="/operator"' in operator.get("/account").text
    others = Person("bob", site.bob).browser()
    assert 'href="/operator"' not in others.get(site.home).text


def test_zones_of_nodes_are_shown_where_any_has_one(operator: Client) -> None:
    register_node("n1", engines=1)
    register_node("n2", engines=1)
    page = operator.get("/operator/nodes").text
    assert "n1" in page
    assert "zone" not in page
    Node.objects.using("system").filter(name="n2").update(zone="room-2")
    page = operator.get("/operator/nodes").text
    assert "zone room-2" in page
    assert page.count("no zone") == Node.objects.using("system").filter(zone="").count()


def test_all_organizations_are_listed_and_found(site: Site, operator: Client) -> None:
    everything = operator.get("/operator/organizations").text
    assert all(f"/operator/organizations/{slug}" in everything for slug in ("pine", "oak"))
    some = operator.get("/operator/organizations", {"q": "oa"}).text
    assert "/operator/organizations/oak" in some
    assert "/operator/organizations/pine" not in some
    assert "No organization found" in operator.get("/operator/organizations", {"q": "elm"}).text


def test_an_operator_changes_a_plan_in_their_own_name(site: Site, operator: Client) -> None:
    answer = operator.post("/operator/organizations/oak/plan", {"plan": "Starter"})
    assert answer.headers["Location"] == "/operator/organizations/oak"
    theirs = Organization.objects.using("system").get(slug="oak")
    assert theirs.plan == "Starter"
    (event,) = events("organization.plan_changed")
    assert (event.organization_id, event.actor_kind) == (theirs.pk, "operator")
    assert (event.actor_id, event.actor_name) == (site.alice.pk, "Alice")


def test_caps_are_filled_in_looked_at_and_saved(site: Site, operator: Client) -> None:
    page = "/operator/organizations/oak"
    assert 'value="100"' not in operator.get(page).text
    assert 'value="100"' in operator.get(f"{page}?caps=preset").text
    assert not events("organization.caps_changed")
    refused = operator.post(f"{page}/caps", {"read": "-1", "queries": "0"})
    assert (refused.status_code, refused.text.count("greater than or equal to")) == (422, 2)
    wish = {"read": "1000", "write": "", "queries": "7"}
    assert operator.post(f"{page}/caps", wish)["Location"] == page
    (event,) = events("organization.caps_changed")
    assert (event.actor_kind, event.parameters["rates"]) == ("operator", {"queries": 7})
    shown = operator.get(page).text
    assert 'value="1000"' in shown
    assert 'value="7"' in shown
    mallory = Person("mallory", site.mallory).browser()
    quotas = mallory.get("/o/oak/quotas").text
    assert "Requests a second" in quotas
    assert "1,000" in quotas


def test_suspending_wants_a_reason_and_shuts_the_organization(site: Site, operator: Client) -> None:
    assert operator.post("/operator/organizations/oak/suspend", {}).status_code == 422
    operator.post("/operator/organizations/oak/suspend", {"reason": "unpaid"})
    members = Person("mallory", site.mallory).browser()
    assert members.get("/o/oak").status_code == 403
    (event,) = events("organization.suspended")
    assert event.parameters == {"reason": "unpaid"}
    assert "Resume" in operator.get("/operator/organizations/oak").text
    operator.post("/operator/organizations/oak/resume")
    assert members.get("/o/oak").status_code == 200


def test_acts_want_a_fresh_proof(site: Site, as_user: AsUser) -> None:
    add_operator(OPERATOR, site.alice)
    answer = as_user(site.alice).post("/operator/organizations/oak/plan", {"plan": "Starter"})
    assert answer.headers["Location"].startswith("/confirm")


def test_jobs_of_every_organization_are_seen(site: Site, operator: Client) -> None:
    for project, name in ((site.project, "movies"), (site.world.their_project, "filme")):
        create_backup(OPERATOR, site.world.index(name, project=project), name=f"{name}-backup")
    shown = operator.get("/operator/jobs").text
    assert all(name in shown for name in ("movies-backup", "filme-backup", "Pine", "Oak"))
    assert "Nothing failed" in operator.get("/operator/jobs?state=failed").text


def test_what_the_installation_leans_on_can_be_tried(site: Site, operator: Client) -> None:
    for part, said in (
        ("mail", "a letter to alice@example.com"),
        ("objects", "gave it back"),
        ("keys", "can be read"),
    ):
        assert operator.post(f"/operator/settings/try/{part}").status_code == 302
        assert said in operator.get("/operator/settings").text
    assert [letter.to for letter in mail.outbox] == [["alice@example.com"]]
    assert [event.target_name for event in events("installation.tested")] == [
        "mail server", "object store", "key provider",
    ]  # fmt: skip


def test_secrets_among_the_settings_are_not_shown(
    operator: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STONEPINE_METRICS_TOKEN", "a-token-that-nobody-may-see")
    monkeypatch.setenv("STONEPINE_IMPORT_ENDPOINTS", "https://user:never-shown@store.example")
    environment.cache_clear()
    shown = operator.get("/operator/settings").text
    environment.cache_clear()
    assert "STONEPINE_METRICS_TOKEN" in shown
    assert "nobody-may-see" not in shown
    assert "never-shown" not in shown


def test_the_doctor_is_asked_and_remembered(operator: Client) -> None:
    assert "Check now" in operator.get("/operator/diagnostics").text
    assert operator.post("/operator/diagnostics/check").status_code == 302
    shown = operator.get("/operator/diagnostics").text
    assert "Python 3.11 or newer" in shown
    assert "Check again" in shown
