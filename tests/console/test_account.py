"""A person's own pages: profile, address, activity."""

import pytest
from django.test import Client

from access.actor import OPERATOR
from accounts.links import email_change_token
from accounts.models import User
from audit.models import Event
from kit.errors import PermissionDenied
from orgs.activity import own_events
from orgs.profiles import change_profile
from tests.console.conftest import Letters, Site
from tests.support.world import PASSWORD

NEW = "alice@new.example"
PAGES = ("", "/password", "/mfa", "/sessions", "/activity")


@pytest.fixture
def alice(site: Site) -> Client:
    client = Client(HTTP_ACCEPT="text/html")
    client.post("/signin", {"email": site.alice.email, "password": PASSWORD})
    return client


@pytest.mark.parametrize("page", [*PAGES, "/email", "/mfa/app", "/mfa/passkey", "/mfa/codes"])
def test_pages_want_a_session(site: Site, page: str) -> None:
    stranger = Client(HTTP_ACCEPT="text/html")
    assert stranger.get(f"/account{page}")["Location"].startswith("/signin?next=")


@pytest.mark.parametrize("page", PAGES)
def test_people_without_an_organization_have_them_too(site: Site, page: str) -> None:
    lone = Client(HTTP_ACCEPT="text/html")
    lone.force_login(User.objects.create_user("lone@example.com", PASSWORD))
    assert lone.get(f"/account{page}").status_code == 200


def test_name_and_theme_are_kept(alice: Client, site: Site) -> None:
    alice.post("/account", {"name": "Alice Adams", "theme": "dark"})
    assert 'data-theme="dark"' in alice.get("/account").content.decode()
    fresh = Client(HTTP_ACCEPT="text/html")
    fresh.post("/signin", {"email": site.alice.email, "password": PASSWORD})
    page = fresh.get("/account").content.decode()
    assert 'data-theme="dark"' in page
    assert "Alice Adams" in page
    alice.post("/account", {"name": "Alice", "theme": "system"})
    assert "data-theme=" not in alice.get("/account").content.decode()
    assert Event.objects.using("system").filter(action="user.profile_changed").count() == 2


def test_nobody_changes_the_profile_of_another(site: Site) -> None:
    with pytest.raises(PermissionDenied):
        change_profile(site.world.mallory, site.alice, name="Mallory", theme="dark")
    event = Event.objects.using("system").order_by("-id")[0]
    assert (event.action, event.outcome) == ("user.profile_changed", "denied")


def test_the_address_changes_once_the_new_one_is_proven(
    alice: Client, site: Site, letters: Letters
) -> None:
    old = site.alice.email
    assert alice.post("/account/email", {"email": NEW})["Location"] == "/account"
    link = letters.link(NEW)
    alice.get(link)
    assert User.objects.filter(email=old).exists()
    alice.post(link)
    user = User.objects.filter(email=NEW)[0]
    assert user.pk == site.alice.pk
    assert [one.email for one in user.emailaddress_set.all()] == [NEW]
    assert f"address is {NEW} now" in letters.to(old)[-1]
    assert Client(HTTP_ACCEPT="text/html").get(link).status_code == 404
    assert Client().post("/signin", {"email": NEW, "password": PASSWORD}).status_code == 302
    event = Event.objects.using("system").filter(action="user.email_changed")[0]
    assert event.parameters == {"old": old, "new": NEW}


def test_a_taken_address_is_not_told_from_a_free_one(
    alice: Client, site: Site, letters: Letters
) -> None:
    taken = alice.post("/account/email", {"email": site.bob.email})
    assert taken["Location"] == "/account"
    assert "/verify/" not in letters.to(site.bob.email)[-1]
    stolen = email_change_token(site.alice, site.bob.email)
    assert alice.post(f"/verify/address/{stolen}").status_code == 409
    assert User.objects.filter(pk=site.alice.pk, email="alice@example.com").exists()


def test_a_link_for_an_older_address_is_stale(alice: Client, site: Site) -> None:
    first, second = (email_change_token(site.alice, f"{n}@new.example") for n in "12")
    alice.post(f"/verify/address/{first}")
    assert alice.post(f"/verify/address/{second}").status_code == 404
    assert alice.post("/verify/address/made-up").status_code == 404


def test_activity_shows_what_was_done_and_tried(alice: Client, site: Site) -> None:
    Client(HTTP_X_FORWARDED_FOR="198.51.100.7").post(
        "/signin", {"email": site.alice.email, "password": "wrong"}
    )
    Client().post("/signin", {"email": site.bob.email, "password": PASSWORD})
    page = alice.get("/account/activity").content.decode()
    assert "Alice signed in" in page
    assert "failure" in page
    assert "from 198.51.100.7" in page
    assert "Bob signed in" not in page


def test_activity_crosses_organizations_and_shows_what_others_did(site: Site) -> None:
    change_profile(OPERATOR, site.mallory, name="Mallory", theme="dark")
    newest, *older = own_events(site.mallory)
    assert (newest.action, newest.actor_name) == ("user.profile_changed", "operator")
    assert {event.organization_id for event in older} == {site.world.elsewhere.pk}
