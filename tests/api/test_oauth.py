"""The token endpoint: what it takes, what it gives, and how it refuses (RFC 6749)."""

import base64
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest
from django.conf import settings
from django.http import HttpResponse
from django.test import Client, override_settings

from access.actor import OPERATOR
from access.keys import SecretKind, mint
from access.permissions import Role
from audit.models import Event, Outcome
from kit import clock
from kit.environment import environment
from orgs.models import AccessToken, Organization
from orgs.organizations import set_plan
from orgs.plans import Plan
from orgs.role_bindings import Assignment
from orgs.service_accounts import create_service_account
from orgs.tenancy import tenant
from tests.support.world import World

FORM = "application/x-www-form-urlencoded"
Credentials = dict[str, str]


@pytest.fixture
def credentials(world: World) -> Credentials:
    account, plain = create_service_account(
        OPERATOR, world.organization, name="robot", assignments=[Assignment(Role.ORG_OWNER)]
    )
    return {
        "grant_type": "client_credentials",
        "client_id": account.client_id,
        "client_secret": plain.value,
    }


def ask(
    body: Any, content_type: str = "application/json", method: str = "POST", **headers: str
) -> HttpResponse:
    if not isinstance(body, bytes):
        body = (urlencode(body) if content_type.startswith(FORM) else json.dumps(body)).encode()
    client = Client(raise_request_exception=False)
    return client.generic(
        method, "/oauth/token", body, content_type=content_type, headers=dict(headers)
    )


def basic(client_id: str, secret: str) -> str:
    return "Basic " + base64.b64encode(f"{client_id}:{secret}".encode()).decode()


def in_json(sent: Credentials) -> HttpResponse:
    return ask({**sent, "audience": "https://api.pinecone.io/"})


def in_a_form(sent: Credentials) -> HttpResponse:
    return ask({**sent, "audience": f"{environment().base_url}/"}, FORM + "; charset=utf-8")


def in_the_header(sent: Credentials) -> HttpResponse:
    header = basic(sent["client_id"], sent["client_secret"])
    return ask({"grant_type": "client_credentials"}, FORM, Authorization=header)


@pytest.mark.parametrize("way", [in_json, in_a_form, in_the_header])
def test_right_credentials_get_a_token(
    credentials: Credentials, way: Callable[[Credentials], HttpResponse]
) -> None:
    response = way(credentials)
    body = json.loads(response.content)
    assert response.status_code == 200, body
    assert set(body) == {"access_token", "token_type", "expires_in"}
    assert (body["token_type"], body["expires_in"]) == ("Bearer", environment().access_token_s)
    assert (response["Cache-Control"], response["Pragma"]) == ("no-store", "no-cache")
    opened = Client().get(
        "/admin/organizations", headers={"Authorization": f"Bearer {body['access_token']}"}
    )
    assert opened.status_code == 200, opened.content


REFUSED: dict[str, tuple[Callable[[Credentials], HttpResponse], int, str]] = {
    "no body": (lambda _: ask(b""), 400, "invalid_request"),
    "broken JSON": (lambda _: ask(b'{"a'), 400, "invalid_request"),
    "an array": (lambda _: ask([]), 400, "invalid_request"),
    "not UTF-8": (lambda _: ask(b"\xff", FORM), 400, "invalid_request"),
    "a number": (lambda c: ask({**c, "client_id": 7}), 400, "invalid_request"),
    "no client": (lambda c: ask({**c, "client_id": None}), 400, "invalid_request"),
    "no secret": (lambda c: ask({**c, "client_secret": ""}), 400, "invalid_request"),
    "no grant": (lambda c: ask({**c, "grant_type": None}), 400, "invalid_request"),
    "too many fields": (lambda _: ask(b"a=b&" * 100, FORM), 400, "invalid_request"),
    "a parameter twice": (
        lambda c: ask(urlencode(c).encode() + b"&client_id=x", FORM),
        400,
        "invalid_request",
    ),
    "credentials twice": (
        lambda c: ask(c, Authorization=basic(c["client_id"], c["client_secret"])),
        400,
        "invalid_request",
    ),
    "another audience": (
        lambda c: ask({**c, "audience": "https://example.com/"}),
        400,
        "invalid_request",
    ),
    "another grant": (
        lambda c: ask({**c, "grant_type": "password"}),
        400,
        "unsupported_grant_type",
    ),
    "a scope": (lambda c: ask({**c, "scope": "admin"}), 400, "invalid_scope"),
    "an unreadable header": (
        lambda c: ask({"grant_type": c["grant_type"]}, Authorization="Basic !"),
        401,
        "invalid_client",
    ),
    "an unknown client": (lambda c: ask({**c, "client_id": "nobody"}), 401, "invalid_client"),
    "NUL": (lambda c: ask({**c, "client_id": "a\0"}), 401, "invalid_client"),
    "a wrong secret": (
        lambda c: ask({**c, "client_secret": mint(SecretKind.SERVICE_ACCOUNT).value}),
        401,
        "invalid_client",
    ),
    "no secret at all": (
        lambda c: ask({**c, "client_secret": "hunter2"}),
        401,
        "invalid_client",
    ),
    "GET": (lambda c: ask(c, method="GET"), 405, "invalid_request"),
    "a huge body": (lambda _: ask(b" " * (1024 * 1024 + 1)), 400, "invalid_request"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_refusal_has_the_name_and_the_status_of_the_rfc(
    credentials: Credentials, case: str
) -> None:
    act, status, name = REFUSED[case]
    response = act(credentials)
    body = json.loads(response.content)
    assert set(body) == {"error", "error_description"}
    assert (response.status_code, body["error"]) == (status, name), body
    assert response["Cache-Control"] == "no-store"
    assert response.has_header("WWW-Authenticate") == (status == 401)
    assert credentials["client_secret"] not in response.content.decode()
    assert not AccessToken.objects.using("system").exists()


def test_a_client_whose_organization_may_not_is_told_why(
    world: World, credentials: Credentials
) -> None:
    set_plan(OPERATOR, world.organization, plan=Plan.STARTER)
    response = in_json(credentials)
    assert response.status_code == 400
    body = json.loads(response.content)
    assert body["error"] == "unauthorized_client"
    assert "service accounts" in body["error_description"]
    event = Event.objects.using("system").order_by("-id")[0]
    assert (event.action, event.outcome) == ("access_token.issued", Outcome.FAILURE)
    assert event.organization_id == world.organization.pk


def test_guesses_are_few_whatever_the_headers_say(credentials: Credentials) -> None:
    statuses = []
    for number in range(14):
        wrong = {**credentials, "client_secret": mint(SecretKind.SERVICE_ACCOUNT).value}
        spoofed = {
            "X-Forwarded-For": f"198.51.100.{number}, 192.0.2.9",
            "X-Real-IP": f"198.51.100.{number}",
            "Forwarded": f"for=198.51.100.{number}",
        }
        statuses.append(ask(wrong, **spoofed).status_code)
    assert statuses == [401] * 10 + [429] * 4
    blocked = ask(credentials, **{"X-Forwarded-For": "192.0.2.9"})
    body = json.loads(blocked.content)
    assert (blocked.status_code, body["error"]) == (429, "temporarily_unavailable")
    assert int(blocked["Retry-After"]) > 0
    assert ask(credentials, **{"X-Forwarded-For": "203.0.113.5"}).status_code == 200


def test_while_the_cache_is_down_nobody_guesses_for_free(credentials: Credentials) -> None:
    dead = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": "redis://127.0.0.1:1/0",
        }
    }
    assert "locmem" in settings.CACHES["default"]["BACKEND"]
    with override_settings(CACHES=dead):
        response = in_json(credentials)
    assert response.status_code == 503
    assert json.loads(response.content)["error"] == "temporarily_unavailable"


def test_the_operators_suspension_closes_the_endpoint(
    world: World, credentials: Credentials
) -> None:
    with tenant(world.organization.pk):
        Organization.objects.update(suspended_at=clock.now())
    response = in_json(credentials)
    assert response.status_code == 400
    assert json.loads(response.content)["error"] == "unauthorized_client"
