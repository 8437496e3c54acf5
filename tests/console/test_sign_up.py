"""Signing up: the address first, then the account; switched by the operator."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import AnonymousUser
from django.test import Client, RequestFactory

from accounts.links import ProvenAddress, read_sign_up_token, sign_up_token
from accounts.models import User
from audit.models import Event
from console.views.sign_up import let_sign_up
from tests.console.conftest import Letters, Site, neutral
from tests.support.world import PASSWORD

EMAIL = "nora@example.com"
ACCOUNT = {"name": "Nora Lind", "password": PASSWORD}


@pytest.fixture
def browser() -> Client:
    return Client(HTTP_ACCEPT="text/html")


def test_without_the_operators_leave_there_is_no_form(browser: Client, site: Site) -> None:
    response = browser.get("/signup")
    assert response.status_code == 403
    assert "by invitation" in response.content.decode()
    assert browser.post("/signup", {"email": EMAIL}).status_code == 403
    assert "Create an account" not in browser.get("/signin").content.decode()


def test_the_link_in_the_mail_makes_the_account_and_signs_in(
    browser: Client, site: Site, letters: Letters, is_open: None
) -> None:
    answer = browser.post("/signup", {"email": " Nora@Example.com", "next": f"{site.home}/roles"})
    assert "Check your mail" in answer.content.decode()
    assert not User.objects.filter(email=EMAIL).exists()

    form = browser.get(letters.link(EMAIL), follow=True)
    assert form.redirect_chain == [("/signup", 302)]
    assert EMAIL in form.content.decode()
    done = browser.post("/signup", ACCOUNT)
    assert done["Location"] == f"{site.home}/roles"
    user = User.objects.filter(email=EMAIL)[0]
    assert user.emailaddress_set.filter(verified=True, primary=True).exists()
    assert browser.get("/account").status_code == 200

    acts = Event.objects.using("system").filter(actor_id=user.pk).order_by("id")
    assert [act.action for act in acts] == ["user.signed_up", "user.signed_in"]


def test_an_address_with_an_account_gets_the_same_answer_and_another_letter(
    browser: Client, site: Site, letters: Letters, is_open: None
) -> None:
    answers = set()
    for email in (EMAIL, site.alice.email):
        response = browser.post("/signup", {"email": email})
        answers.add((response.status_code, neutral(response.content.decode(), email)))
    assert len(answers) == 1
    assert "already" in letters.to(site.alice.email)[-1]
    assert "/verify/" not in letters.to(site.alice.email)[-1]


def test_the_request_does_the_same_work_for_every_address(
    browser: Client, site: Site, is_open: None, queries_of: Callable[[Callable[[], object]], int]
) -> None:
    counts = {
        queries_of(lambda email=email: browser.post("/signup", {"email": email}))
        for email in (EMAIL, site.alice.email)
    }
    assert len(counts) == 1


def test_a_link_works_once_and_made_up_ones_never(
    browser: Client, site: Site, letters: Letters, is_open: None
) -> None:
    browser.post("/signup", {"email": EMAIL})
    link = letters.link(EMAIL)
    browser.get(link)
    browser.post("/signup", ACCOUNT)
    again = Client(HTTP_ACCEPT="text/html")
    again.get(link)
    assert "exists already" in again.post("/signup", ACCOUNT).content.decode()
    assert browser.get("/verify/account/made-up").status_code == 404
    forged = sign_up_token(EMAIL)[:-2] + "xx"
    assert browser.get(f"/verify/account/{forged}").status_code == 404


def test_a_bad_password_makes_no_account(browser: Client, site: Site, is_open: None) -> None:
    browser.get(f"/verify/account/{sign_up_token(EMAIL)}")
    response = browser.post("/signup", {**ACCOUNT, "password": "password"})
    assert response.status_code == 422
    assert "at least 15 characters" in response.content.decode()
    assert not User.objects.filter(email=EMAIL).exists()


def test_the_way_on_stays_within_the_console(
    browser: Client, site: Site, letters: Letters, is_open: None
) -> None:
    browser.post("/signup", {"email": EMAIL, "next": "https://evil.example/"})
    token = letters.link(EMAIL).rpartition("/")[-1]
    assert read_sign_up_token(token).next == "/"


def test_letters_to_one_address_are_few(
    browser: Client, site: Site, letters: Letters, is_open: None
) -> None:
    statuses = [browser.post("/signup", {"email": EMAIL}).status_code for _ in range(5)]
    assert statuses == [200, 200, 200, 429, 429]
    assert len(letters.to(EMAIL)) == 3


def test_an_invited_address_needs_no_second_letter(browser: Client, site: Site) -> None:
    request = RequestFactory().get("/invite/token")
    request.session, request.user = browser.session, AnonymousUser()
    let_sign_up(request, ProvenAddress(EMAIL, next="/invite/token"))
    request.session.save()
    response = browser.post("/signup", ACCOUNT)
    assert response["Location"] == "/invite/token"


def test_the_proof_of_an_address_does_not_last(browser: Client, site: Site) -> None:
    request = RequestFactory().get("/invite/token")
    request.session, request.user = browser.session, AnonymousUser()
    let_sign_up(request, ProvenAddress(EMAIL))
    assert request.session.get_expiry_age() <= 15 * 60
    request.session["proven_address"]["until"] -= 15 * 60
    request.session.save()
    assert browser.post("/signup", ACCOUNT).status_code == 403
    assert not User.objects.filter(email=EMAIL).exists()
