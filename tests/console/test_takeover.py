"""Ways to take an account over that are closed: stale links, stale steps, borrowed challenges."""

import json

import pytest
from django.test import Client

from accounts.links import reset_token
from accounts.models import User
from tests.console.conftest import Letters, Site
from tests.support.codes import with_app
from tests.support.security_key import HOST, SecurityKey, options_in
from tests.support.world import PASSWORD

NEW = "four wet herons in a row"


def browser(email: str = "") -> Client:
    """At a host with a name, which passkeys need; the password is proven where one is given."""
    client = Client(HTTP_ACCEPT="text/html", SERVER_NAME=HOST)
    if email:
        client.post("/signin", {"email": email, "password": PASSWORD})
    return client


def with_key(email: str) -> SecurityKey:
    client, key = browser(email), SecurityKey()
    options = options_in(client.get("/account/mfa/passkey").content.decode())
    answer = {"name": "key", "credential": key.register(options)}
    assert client.post("/account/mfa/passkey", answer).status_code == 200
    return key


def test_an_address_change_asked_for_before_a_reset_is_void_after_it(
    site: Site, letters: Letters
) -> None:
    thief = browser(site.alice.email)
    thief.post("/account/email", {"email": "thief@evil.example"})
    link = letters.link("thief@evil.example")
    assert any("thief@evil.example" in letter for letter in letters.to(site.alice.email))
    assert browser().get(link).status_code == 200
    owner = User.objects.filter(pk=site.alice.pk)[0]
    assert browser().post(f"/reset/{reset_token(owner)}", {"password": NEW}).status_code == 302
    assert browser().post(link).status_code == 404
    assert User.objects.filter(pk=site.alice.pk)[0].email == site.alice.email


def test_a_second_step_begun_with_the_old_password_ends_with_it(site: Site) -> None:
    _, codes = with_app(site.alice)
    thief = browser(site.alice.email)
    assert thief.get("/signin/mfa").status_code == 200
    assert browser().post(f"/reset/{reset_token(site.alice)}", {"password": NEW}).status_code == 302
    assert thief.post("/signin/mfa", {"code": codes[0]})["Location"] == "/signin"
    assert thief.get("/account").status_code == 302


@pytest.mark.parametrize("is_owner_verified", [True, False])
def test_a_passkey_alone_signs_in_only_where_it_verified_its_owner(
    site: Site, is_owner_verified: bool
) -> None:
    key, client = with_key(site.alice.email), browser()
    options = json.loads(client.get("/signin/passkey/options").json()["options"])
    answer = key.sign(options, is_owner_verified=is_owner_verified)
    status = client.post("/signin/passkey", {"credential": answer}).status_code
    assert status == (302 if is_owner_verified else 401)


def test_the_challenge_of_a_second_step_does_not_open_the_first(site: Site) -> None:
    stolen = with_key(site.alice.email)
    with_key(site.mallory.email)
    client = browser(site.mallory.email)
    options = options_in(client.get("/signin/mfa").content.decode())
    answer = stolen.sign(options, is_owner_verified=False)
    assert client.post("/signin/passkey", {"credential": answer}).status_code == 401
    assert client.get("/account").status_code == 302


def test_addresses_with_tokens_are_not_logged(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    token = reset_token(site.alice)
    careful = Client(HTTP_ACCEPT="text/html", enforce_csrf_checks=True)
    assert careful.post(f"/reset/{token}", {"password": NEW}).status_code == 403
    said = capsys.readouterr()
    assert token not in said.out + said.err
