"""Re-authentication before sensitive acts."""

import time
from datetime import timedelta

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory

from accounts.throttle import require_attempts_left
from audit.models import Event
from console.confirm import freshly_confirmed
from tests.console.conftest import Site
from tests.support.codes import codes_now, with_app
from tests.support.world import PASSWORD

SENSITIVE = "/account/mfa/app"


def signed_in(email: str) -> Client:
    client = Client(HTTP_ACCEPT="text/html")
    client.post("/signin", {"email": email, "password": PASSWORD})
    return client


def let_time_pass(client: Client, minutes: int) -> None:
    session = client.session
    for record in session["account_authentication_methods"]:
        record["at"] = time.time() - timedelta(minutes=minutes).total_seconds()
    session.save()


def test_signing_in_counts_for_a_quarter_of_an_hour(site: Site) -> None:
    browser = signed_in(site.alice.email)
    let_time_pass(browser, 14)
    assert browser.get(SENSITIVE).status_code == 200
    let_time_pass(browser, 16)
    assert browser.get(SENSITIVE)["Location"].startswith("/confirm?next=")


def test_a_password_confirms_and_leads_back(site: Site) -> None:
    browser = signed_in(site.alice.email)
    let_time_pass(browser, 16)
    assert browser.get(f"/confirm?next={SENSITIVE}").status_code == 200
    wrong = browser.post("/confirm", {"password": "wrong", "next": SENSITIVE})
    assert wrong.status_code == 401
    right = browser.post("/confirm", {"password": PASSWORD, "next": SENSITIVE})
    assert right["Location"] == SENSITIVE
    assert browser.get(SENSITIVE).status_code == 200
    acts = Event.objects.using("system").filter(action="user.confirmed").order_by("id")
    assert [act.outcome for act in acts] == ["failure", "success"]


def test_a_code_confirms_as_well(site: Site) -> None:
    secret, _ = with_app(site.alice)
    browser = Client(HTTP_ACCEPT="text/html")
    browser.force_login(site.alice)
    assert "Confirm by code" in browser.get("/confirm").content.decode()
    assert browser.post("/confirm", {"code": "000000"}).status_code == 401
    code = codes_now(secret)[1]
    assert browser.post("/confirm", {"code": code, "next": SENSITIVE})["Location"] == SENSITIVE
    assert browser.get("/account/email").status_code == 200


def test_the_way_back_stays_here(site: Site) -> None:
    browser = signed_in(site.alice.email)
    answer = browser.post("/confirm", {"password": PASSWORD, "next": "https://evil.example"})
    assert answer["Location"] == "/"


def test_guessing_is_bounded_and_the_session_goes_on(site: Site) -> None:
    browser = signed_in(site.alice.email)
    statuses = [browser.post("/confirm", {"password": f"no {n}"}).status_code for n in range(12)]
    assert statuses == [401] * 10 + [429] * 2
    assert browser.get(site.home).status_code == 200


def test_strangers_at_the_door_do_not_stop_the_owner_from_confirming(site: Site) -> None:
    browser = signed_in(site.alice.email)
    for _ in range(100):
        require_attempts_left(
            "sign-in-subject", site.alice.email, limit=100, window=timedelta(hours=1)
        )
    right = {"email": site.alice.email, "password": PASSWORD}
    assert Client().post("/signin", right).status_code == 429
    assert browser.get(site.home).status_code == 200
    assert browser.post("/confirm", {"password": PASSWORD}).status_code == 302


@pytest.mark.parametrize("is_htmx", [False, True])
def test_the_decorator_takes_requests_and_dialogs(site: Site, *, is_htmx: bool) -> None:
    @freshly_confirmed
    def view(request: HttpRequest) -> HttpResponse:
        return HttpResponse("done")

    request = RequestFactory().get(
        "/o/pine/p/search/keys/new", headers={"HX-Request": "true"} if is_htmx else {}
    )
    request.user, request.session = site.alice, Client().session
    answer = view(request)
    there = "/confirm?next=%2Fo%2Fpine%2Fp%2Fsearch%2Fkeys%2Fnew"
    assert answer["HX-Redirect" if is_htmx else "Location"] == there
