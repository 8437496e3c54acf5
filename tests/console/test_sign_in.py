"""Getting in: the first owner's link, sign-in, sign-out."""

import pytest
from django.test import Client

from access.actor import OPERATOR
from accounts.models import User
from audit.models import Event
from orgs.organizations import create_organization
from orgs.plans import Plan
from orgs.setup import mint_setup_link
from tests.console.conftest import Site
from tests.support.world import PASSWORD

OWNER = {"name": "Mara Aydin", "email": "mara@example.com", "password": PASSWORD}


@pytest.fixture
def browser() -> Client:
    return Client(HTTP_ACCEPT="text/html")


@pytest.fixture
def token(database: None, audit_context: None) -> str:
    organization = create_organization(OPERATOR, name="Hollin Labs", plan=Plan.ENTERPRISE)
    return mint_setup_link(OPERATOR, organization).value


def test_setup_link_makes_the_owner_and_signs_in(browser: Client, token: str) -> None:
    assert "Hollin Labs" in browser.get(f"/setup?token={token}").content.decode()
    response = browser.post("/setup", {**OWNER, "token": token}, follow=True)
    assert response.redirect_chain[-1][0] == "/o/hollin-labs"
    assert "Organization owner" in response.content.decode()


def test_used_and_made_up_links_are_explained(browser: Client, token: str) -> None:
    browser.post("/setup", {**OWNER, "token": token})
    used = Client(HTTP_ACCEPT="text/html").get(f"/setup?token={token}")
    assert used.status_code == 409
    assert "This link was used" in used.content.decode()
    assert browser.get("/setup?token=nonsense").status_code == 404
    assert browser.post("/setup", {**OWNER, "token": token}).status_code == 409
    assert User.objects.count() == 1


def test_setup_refuses_a_short_password_beside_its_field(browser: Client, token: str) -> None:
    response = browser.post("/setup", {**OWNER, "password": "short", "token": token})
    assert response.status_code == 422
    page = response.content.decode()
    assert "at least 15 characters" in page
    assert 'value="short"' not in page
    assert not User.objects.exists()


def test_setup_page_is_not_cached_and_tells_nobody_its_address(browser: Client, token: str) -> None:
    response = browser.get(f"/setup?token={token}")
    assert "no-store" in response["Cache-Control"]
    assert response["Referrer-Policy"] == "strict-origin"


def sign_in(browser: Client, email: str, password: str = PASSWORD, **more: str) -> object:
    return browser.post("/signin", {"email": email, "password": password, **more})


def test_sign_in_goes_where_it_was_meant_to(browser: Client, site: Site) -> None:
    response = sign_in(browser, "ALICE@example.com", next=f"{site.place}/keys")
    assert response["Location"] == f"{site.place}/keys"


@pytest.mark.parametrize(
    "wanted", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)"]
)
def test_sign_in_never_leads_to_another_site(browser: Client, site: Site, wanted: str) -> None:
    response = sign_in(browser, site.alice.email, next=wanted)
    assert response["Location"] == "/"


def test_unknown_address_and_wrong_password_read_alike(browser: Client, site: Site) -> None:
    unknown = sign_in(browser, "nobody@example.com", "a wrong password!")
    wrong = sign_in(browser, site.alice.email, "a wrong password!")
    for response in (unknown, wrong):
        assert response.status_code == 401
        page = response.content.decode()
        assert "The e-mail address or the password is wrong." in page
        assert "a wrong password!" not in page


def test_guessing_is_slowed_down(browser: Client, site: Site) -> None:
    for _ in range(10):
        sign_in(browser, site.alice.email, "wrong")
    response = sign_in(browser, site.alice.email)
    assert response.status_code == 429
    assert "wait 15 minutes" in response.content.decode()


def test_signing_in_changes_the_session_and_out_ends_it(browser: Client, site: Site) -> None:
    browser.get("/signin")
    sign_in(browser, site.alice.email)
    assert browser.get(site.home).status_code == 200
    assert browser.get("/signout").status_code == 405
    browser.post("/signout")
    assert browser.get(site.home).status_code == 302


def test_signing_in_and_out_is_audited(browser: Client, site: Site) -> None:
    sign_in(browser, site.alice.email)
    browser.post("/signout")
    acts = Event.objects.using("system").filter(actor_id=site.alice.pk).order_by("id")
    assert [act.action for act in acts] == ["user.signed_in", "user.signed_out"]


def test_root_and_dash_lead_to_the_organization_seen_last(browser: Client, site: Site) -> None:
    assert browser.get("/")["Location"].startswith("/signin")
    browser.force_login(site.alice)
    assert browser.get("/")["Location"] == site.home
    assert browser.get("/o/-/")["Location"] == site.home
    assert browser.get("/o/-/roles")["Location"] == f"{site.home}/roles"


def test_person_without_organization_is_told_what_to_do(browser: Client, site: Site) -> None:
    browser.force_login(User.objects.create_user("lone@example.com", PASSWORD))
    page = browser.get("/").content.decode()
    assert "You belong to no organization yet" in page
