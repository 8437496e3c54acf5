"""The operator looks at an organization as its support: from its owner's word to the end of it."""

import pytest
from django.test import Client

from access.actor import OPERATOR
from audit.models import Event
from orgs.operators import add_operator
from tests.console.conftest import Site
from tests.matrix.cast import Person

TENANT = "/operator/organizations/pine"


@pytest.fixture
def olga(site: Site) -> Client:
    """The browser of an operator who belongs to another organization."""
    add_operator(OPERATOR, site.mallory)
    return Person("olga", site.mallory).browser()


def looked(site: Site) -> list[tuple[str, str]]:
    rows = Event.objects.using("system").filter(
        action="support.looked", organization_id=site.organization.pk
    )
    return [(one.outcome, one.parameters.get("path", "")) for one in rows.order_by("id")]


def test_asked_granted_looked_and_ended(site: Site, olga: Client) -> None:
    alice = Person("alice", site.alice).browser()
    assert olga.get(site.home).status_code == 404
    assert olga.post(f"{TENANT}/support/enter").status_code == 404
    assert olga.post(f"{TENANT}/support", {"reason": "imports fail"}).status_code == 302
    settings = alice.get(f"{site.home}/settings").content.decode()
    assert "imports fail" in settings
    assert "Decline" in settings
    wish = {"reason": "imports fail", "hours": "1"}
    assert alice.post(f"{site.home}/settings/support", wish).status_code == 302
    assert "may look at Pine until" in alice.get(site.home).content.decode()

    assert olga.post(f"{TENANT}/support/enter")["Location"] == site.home
    page = olga.get(site.home).content.decode()
    assert "You look at Pine as its support until" in page
    assert "Mallory" in page
    site.world.index()
    for path in ("/members", "/settings", "/p/search", "/p/search/indexes/movies"):
        assert olga.get(site.home + path).status_code == 200
    assert olga.get(f"{site.home}/members").status_code == 200  # the same look
    for path in ("/audit", "/billing", "/p/search/indexes/movies/browse", "/service-accounts"):
        assert olga.get(site.home + path).status_code == 403
    refused = olga.post(f"{site.home}/settings/leave", {"confirmation": "pine"})
    assert refused.status_code == 403
    assert olga.get("/o/oak").status_code == 200  # her own, by her own roles
    paths = [path for outcome, path in looked(site) if outcome == "success"]
    assert paths.count(f"{site.home}/members") == 1
    assert f"{site.home}/p/search/indexes/movies" in paths
    assert ("denied", "") in looked(site)

    assert alice.post(f"{site.home}/settings/support/end").status_code == 302
    assert olga.get(f"{site.home}/members").status_code == 404
    assert "may look at Pine" not in alice.get(site.home).content.decode()


def test_leaving_ends_the_look_and_not_the_access(site: Site, olga: Client) -> None:
    alice = Person("alice", site.alice).browser()
    alice.post(f"{site.home}/settings/support", {"reason": "ticket", "hours": "1"})
    olga.post(f"{TENANT}/support/enter")
    assert olga.get(site.home).status_code == 200
    assert olga.post("/operator/support/leave")["Location"] == TENANT
    assert olga.get(site.home).status_code == 404
    assert "Look at it" in olga.get(TENANT).content.decode()
    assert olga.post(f"{TENANT}/support/enter").status_code == 302


def test_members_see_it_and_only_owners_decide(site: Site, olga: Client) -> None:
    olga.post(f"{TENANT}/support", {"reason": "imports fail"})
    bob = Person("bob", site.bob).browser()
    settings = bob.get(f"{site.home}/settings").content.decode()
    assert "imports fail" in settings
    assert "Decline" not in settings
    assert "Grant access" not in settings
    assert bob.post(f"{site.home}/settings/support/end").status_code == 403
