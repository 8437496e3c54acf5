"""The second step of signing in, and the pages where second factors are kept."""

import re

import pytest
from django.test import Client

from accounts.second_factors import factors_of, has_second_factor
from audit.models import Event
from orgs.sign_in import check_second_factor
from tests.console.conftest import Letters, Site
from tests.support.codes import codes_now, with_app
from tests.support.world import PASSWORD


def begun(email: str, **more: str) -> Client:
    """A browser that has proven the password."""
    client = Client(HTTP_ACCEPT="text/html")
    client.post("/signin", {"email": email, "password": PASSWORD, **more})
    return client


def test_the_password_alone_is_not_enough(site: Site) -> None:
    secret, _ = with_app(site.alice)
    browser = begun(site.alice.email, next=f"{site.home}/roles")
    assert browser.get(site.home).status_code == 302
    assert browser.get("/signin/mfa").status_code == 200
    assert browser.post("/signin/mfa", {"code": "000000"}).status_code == 401
    done = browser.post("/signin/mfa", {"code": codes_now(secret)[1]})
    assert done["Location"] == f"{site.home}/roles"
    assert browser.get(site.home).status_code == 200
    events = Event.objects.using("system").filter(action="user.signed_in").order_by("id")
    assert [event.outcome for event in events] == ["failure", "success"]
    assert events[1].parameters == {"by": "password, totp"}


def test_the_second_step_wants_the_first(site: Site) -> None:
    with_app(site.alice)
    browser = Client(HTTP_ACCEPT="text/html")
    assert browser.get("/signin/mfa")["Location"] == "/signin"
    assert browser.post("/signin/mfa", {"code": "000000"})["Location"] == "/signin"


def test_a_recovery_code_opens_once(site: Site) -> None:
    _, codes = with_app(site.alice)
    first, second = begun(site.alice.email), begun(site.alice.email)
    assert first.post("/signin/mfa", {"code": codes[0]}).status_code == 302
    assert second.post("/signin/mfa", {"code": codes[0]}).status_code == 401


def test_guessing_codes_is_bounded_and_locks_nobody_out_of_a_session(site: Site) -> None:
    secret, _ = with_app(site.alice)
    inside = begun(site.alice.email)
    inside.post("/signin/mfa", {"code": codes_now(secret)[1]})
    attacker = begun(site.alice.email)
    statuses = [
        attacker.post("/signin/mfa", {"code": f"{number:06}"}).status_code for number in range(12)
    ]
    assert statuses == [401] * 10 + [429] * 2
    late = attacker.post("/signin/mfa", {"code": codes_now(secret)[2]})
    assert late.status_code == 429
    assert inside.get(site.home).status_code == 200
    assert inside.post("/confirm", {"password": PASSWORD}).status_code == 302


def test_deactivated_between_the_steps_is_out(site: Site) -> None:
    secret, _ = with_app(site.alice)
    browser = begun(site.alice.email)
    site.alice.is_active = False
    site.alice.save()
    assert browser.post("/signin/mfa", {"code": codes_now(secret)[1]})["Location"] == "/signin"


def enrol(browser: Client) -> tuple[str, str]:
    """The page with the QR code: the signed offer, and the secret."""
    page = browser.get("/account/mfa/app").content.decode()
    offer = re.search(r'name="secret" value="([^"]+)"', page)
    shown = re.search(r"<code data-secret-text>([A-Z2-7 ]+)</code>", page)
    assert offer is not None
    assert shown is not None
    assert "<svg" in page
    return offer[1], shown[1].replace(" ", "")


def test_adding_an_app_shows_recovery_codes_once(site: Site, letters: Letters) -> None:
    browser = begun(site.alice.email)
    offer, secret = enrol(browser)
    wrong = browser.post("/account/mfa/app", {"secret": offer, "code": "000000"})
    assert wrong.status_code == 401
    assert not has_second_factor(site.alice)
    right = browser.post("/account/mfa/app", {"secret": offer, "code": codes_now(secret)[1]})
    assert "no-store" in right["Cache-Control"]
    codes = re.findall(r"\b\d{10}\b", right.content.decode())
    assert len(codes) == 10
    assert codes[0] not in browser.get("/account/mfa").content.decode()
    assert "new second factor" in letters.to(site.alice.email)[-1]
    check_second_factor(site.alice, codes[0])


def test_an_offer_of_another_account_is_not_taken(site: Site) -> None:
    offer, secret = enrol(begun(site.bob.email))
    browser = begun(site.alice.email)
    browser.post("/account/mfa/app", {"secret": offer, "code": codes_now(secret)[1]})
    assert not has_second_factor(site.alice)


def test_removing_renewing_and_adding_want_a_fresh_proof(site: Site) -> None:
    browser = Client(HTTP_ACCEPT="text/html")
    with_app(site.alice)
    browser.force_login(site.alice)
    (app, _codes) = factors_of(site.alice)
    for path in (
        "/account/mfa/app", "/account/mfa/passkey", "/account/mfa/codes", "/account/email",
        f"/account/mfa/{app.pk}/remove",
    ):  # fmt: skip
        for response in (browser.get(path), browser.post(path)):
            assert response["Location"] == f"/confirm?next={path.replace('/', '%2F')}"
    assert has_second_factor(site.alice)


def test_removing_ends_the_second_step(site: Site, letters: Letters) -> None:
    secret, _ = with_app(site.alice)
    browser = begun(site.alice.email)
    browser.post("/signin/mfa", {"code": codes_now(secret)[1]})
    app = next(factor for factor in factors_of(site.alice) if factor.type == "totp")
    assert browser.get(f"/account/mfa/{app.pk}/remove").status_code == 200
    browser.post(f"/account/mfa/{app.pk}/remove")
    assert begun(site.alice.email).get(site.home).status_code == 200
    assert "was removed" in letters.to(site.alice.email)[-1]


def test_a_factor_of_somebody_else_is_not_found(site: Site) -> None:
    with_app(site.alice)
    app = factors_of(site.alice)[0]
    browser = begun(site.mallory.email)
    foreign = browser.post(f"/account/mfa/{app.pk}/remove")
    missing = browser.post("/account/mfa/987654321/remove")
    assert foreign.status_code == missing.status_code == 404
    assert has_second_factor(site.alice)


@pytest.mark.parametrize("answer", ["", "nonsense", "[]", "{}", '{"response": []}', '{"id": 1}'])
def test_whatever_claims_to_be_a_passkey_is_only_wrong(site: Site, answer: str) -> None:
    browser = Client(HTTP_ACCEPT="text/html", SERVER_NAME="localhost")
    browser.get("/signin/passkey/options")
    response = browser.post("/signin/passkey", {"credential": answer})
    assert response.status_code == 401
    assert "not accepted" in response.content.decode()
    browser.post("/signin", {"email": site.alice.email, "password": PASSWORD})
    assert browser.post("/account/mfa/passkey", {"credential": answer}).status_code == (
        401 if answer else 422
    )


def test_passkeys_are_offered_only_where_browsers_take_them(site: Site) -> None:
    by_name = Client(HTTP_ACCEPT="text/html", SERVER_NAME="localhost")
    by_address = Client(HTTP_ACCEPT="text/html", SERVER_NAME="127.0.0.1")
    assert "Sign in with a passkey" in by_name.get("/signin").content.decode()
    assert "Sign in with a passkey" not in by_address.get("/signin").content.decode()
