"""Forgotten and changed passwords: neutral answers, one-time links, sessions that end."""

from collections.abc import Callable

import pytest
from django.test import Client

from accounts.links import reset_token
from accounts.models import User
from audit.models import Event
from tests.console.conftest import Letters, Site, neutral
from tests.support.world import PASSWORD

NEW = "four wet herons in a row"


@pytest.fixture
def browser() -> Client:
    return Client(HTTP_ACCEPT="text/html")


def signed_in(email: str, password: str = PASSWORD) -> Client:
    client = Client(HTTP_ACCEPT="text/html")
    assert client.post("/signin", {"email": email, "password": password}).status_code == 302
    return client


def test_the_link_sets_a_new_password_and_ends_all_sessions(
    browser: Client, site: Site, letters: Letters
) -> None:
    elsewhere = signed_in(site.alice.email)
    browser.post("/reset", {"email": site.alice.email})
    link = letters.link(site.alice.email)
    assert site.alice.email in browser.get(link).content.decode()
    assert browser.post(link, {"password": NEW})["Location"] == "/signin"
    assert elsewhere.get("/account").status_code == 302
    assert signed_in(site.alice.email, NEW).get("/account").status_code == 200
    assert "Your password was reset" in letters.to(site.alice.email)[-1]
    acts = Event.objects.using("system").filter(action="user.password_reset")
    assert [(act.outcome, act.organization_id) for act in acts] == [
        ("success", site.organization.pk)
    ]


def test_a_link_works_once(browser: Client, site: Site, letters: Letters) -> None:
    browser.post("/reset", {"email": site.alice.email})
    link = letters.link(site.alice.email)
    browser.post(link, {"password": NEW})
    assert browser.get(link).status_code == 404
    assert browser.post(link, {"password": PASSWORD}).status_code == 404
    signed_in(site.alice.email, NEW)


def test_a_bad_new_password_leaves_the_old_one(browser: Client, site: Site) -> None:
    link = f"/reset/{reset_token(site.alice)}"
    assert browser.post(link, {"password": "short"}).status_code == 422
    signed_in(site.alice.email)
    # Signing in has made the link stale: whoever knows the password needs none.
    assert browser.get(link).status_code == 404


def test_unknown_and_known_addresses_get_the_same_answer(
    browser: Client, site: Site, letters: Letters
) -> None:
    answers = set()
    for email in (site.alice.email, "nobody@example.com"):
        response = browser.post("/reset", {"email": email})
        answers.add((response.status_code, neutral(response.content.decode(), email)))
    assert len(answers) == 1
    assert not letters.to("nobody@example.com")


def test_the_request_does_the_same_work_for_every_address(
    browser: Client, site: Site, queries_of: Callable[[Callable[[], object]], int]
) -> None:
    counts = {
        queries_of(lambda email=email: browser.post("/reset", {"email": email}))
        for email in (site.alice.email, "nobody@example.com")
    }
    assert len(counts) == 1


def test_a_deactivated_account_gets_no_link(browser: Client, site: Site, letters: Letters) -> None:
    User.objects.filter(pk=site.alice.pk).update(is_active=False)
    browser.post("/reset", {"email": site.alice.email})
    assert not letters.to(site.alice.email)
    assert browser.get(f"/reset/{reset_token(site.alice)}").status_code == 404


def test_guessing_reset_links_is_bounded(browser: Client, site: Site) -> None:
    statuses = [
        browser.get(f"/reset/{site.alice.pk.hex}-guess-{number}").status_code
        for number in range(12)
    ]
    assert statuses == [404] * 10 + [429] * 2


def test_changing_the_password_keeps_this_session_alone(site: Site, letters: Letters) -> None:
    here, elsewhere = signed_in(site.alice.email), signed_in(site.alice.email)
    response = here.post("/account/password", {"old": PASSWORD, "password": NEW})
    assert response["Location"] == "/account/password"
    assert here.get("/account").status_code == 200
    assert elsewhere.get("/account").status_code == 302
    signed_in(site.alice.email, NEW)
    assert "Your password was changed" in letters.to(site.alice.email)[-1]
    assert here.get("/account/sessions").content.decode().count("this session") == 1


def test_changing_needs_the_old_password_and_guessing_it_is_bounded(site: Site) -> None:
    here = signed_in(site.alice.email)
    statuses = [
        here.post("/account/password", {"old": f"guess {n}", "password": NEW}).status_code
        for n in range(12)
    ]
    assert set(statuses[:10]) == {422}
    assert set(statuses[10:]) == {429}
    assert here.get("/account").status_code == 200
    failures = Event.objects.using("system").filter(
        action="user.password_changed", outcome="failure"
    )
    assert failures.count() == 11


@pytest.mark.parametrize("length", [64, 200])
def test_long_passwords_are_taken_whole(site: Site, length: int) -> None:
    here = signed_in(site.alice.email)
    long = ("a long sentence, " * 20)[:length]
    here.post("/account/password", {"old": PASSWORD, "password": long})
    signed_in(site.alice.email, long)
    wrong = Client().post("/signin", {"email": site.alice.email, "password": long[:-1]})
    assert wrong.status_code == 401
