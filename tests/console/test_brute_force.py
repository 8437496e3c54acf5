"""Guessing secrets at the console's doors: from one place, from many, with forged headers."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client

from accounts.links import reset_token
from accounts.throttle import require_attempts_left
from orgs.sign_in import check_password
from tests.console.conftest import Site
from tests.support.codes import codes_now, with_app
from tests.support.together import together
from tests.support.world import PASSWORD

PAIR, TOTAL, PLACE = 10, 100, 50


def from_(place: str, *, claiming: str = "") -> Client:
    """A browser behind the gateway, which writes the address it saw last."""
    seen = ", ".join(part for part in (claiming, place) if part)
    return Client(HTTP_ACCEPT="text/html", HTTP_X_FORWARDED_FOR=seen)


def guess_password(browser: Client, email: str) -> int:
    return browser.post("/signin", {"email": email, "password": "a wrong one"}).status_code


def test_forged_headers_make_no_new_place(site: Site) -> None:
    statuses = Counter(
        guess_password(from_("192.0.2.66", claiming=f"203.0.113.{number}"), site.alice.email)
        for number in range(PAIR + 5)
    )
    assert statuses == {401: PAIR, 429: 5}
    assert from_("192.0.2.7", claiming="192.0.2.66").post(
        "/signin", {"email": site.alice.email, "password": PASSWORD}
    ).status_code == 302  # fmt: skip


def test_fifty_places_get_a_hundred_guesses_together_and_no_session_is_lost(site: Site) -> None:
    inside = from_("192.0.2.7")
    inside.post("/signin", {"email": site.alice.email, "password": PASSWORD})
    statuses = Counter(
        guess_password(from_(f"198.51.100.{place}"), site.alice.email)
        for place in range(50)
        for _ in range(3)
    )
    assert statuses == {401: TOTAL, 429: 50}
    assert inside.get(site.home).status_code == 200


def test_one_place_tries_few_accounts(site: Site) -> None:
    statuses = Counter(
        guess_password(from_("192.0.2.66"), f"person{number}@example.com")
        for number in range(PLACE + 5)
    )
    assert statuses == {401: PLACE, 429: 5}


def test_parallel_guesses_are_bounded_like_any(site: Site) -> None:
    outcomes = together([lambda: check_password(site.alice.email, "wrong")] * 30, threads=10)
    assert Counter(type(one).__name__ for one in outcomes) == {
        "Unauthenticated": PAIR,
        "TooManyAttempts": 20,
    }


def _second_factor(site: Site) -> Callable[[str, int], int]:
    with_app(site.alice)

    def guess(place: str, number: int) -> int:
        browser = from_(place)
        browser.post("/signin", {"email": site.alice.email, "password": PASSWORD})
        return browser.post("/signin/mfa", {"code": f"{number:06}"}).status_code

    return guess


def _reset_link(site: Site) -> Callable[[str, int], int]:
    named = reset_token(site.alice).partition("-")[0]
    return lambda place, number: from_(place).get(f"/reset/{named}-guess-{number}").status_code


def _address_link(site: Site) -> Callable[[str, int], int]:
    return lambda place, _number: from_(place).get("/verify/address/forged").status_code


def _account_link(site: Site) -> Callable[[str, int], int]:
    return lambda place, _number: from_(place).get("/verify/account/forged").status_code


@pytest.mark.parametrize(
    ("door", "refused"),
    [(_second_factor, 401), (_reset_link, 404), (_address_link, 404), (_account_link, 404)],
    ids=["second factor", "reset link", "address link", "account link"],
)
def test_each_door_gives_one_place_ten_guesses(
    site: Site, door: Callable[[Site], Callable[[str, int], int]], refused: int
) -> None:
    guess = door(site)
    statuses = Counter(guess("192.0.2.66", number) for number in range(PAIR + 3))
    assert statuses == {refused: PAIR, 429: 3}


def test_codes_guessed_from_everywhere_stop_for_a_day(site: Site) -> None:
    secret, _ = with_app(site.alice)
    for _ in range(TOTAL):
        require_attempts_left(
            "second-factor-subject", str(site.alice.pk), limit=TOTAL, window=timedelta(days=1)
        )
    browser = from_("192.0.2.7")
    browser.post("/signin", {"email": site.alice.email, "password": PASSWORD})
    answer = browser.post("/signin/mfa", {"code": codes_now(secret)[1]})
    assert answer.status_code == 429
    assert "wait a day" in answer.content.decode()
