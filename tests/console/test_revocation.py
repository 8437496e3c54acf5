"""A session that is open loses what its person loses, with the very next request."""

import os
import time
from collections.abc import Callable
from typing import Any

from django.test import Client

from access.actor import OPERATOR
from access.permissions import Role
from accounts.models import User
from orgs.directory import role_bindings
from orgs.models import PrincipalType
from orgs.people import deactivate, reactivate
from orgs.role_bindings import create_role_binding, delete_role_binding
from tests.console.conftest import Site

AsUser = Callable[[User], Client]

_TRIES = 200 if os.environ.get("STONEPINE_NIGHTLY") == "1" else 5
_TARGET_S = 1.0


def seconds_until(refusal: int, client: Client, address: str) -> float:
    """From now to the first refusal; any other answer means that the session still works."""
    begin = time.monotonic()
    while time.monotonic() - begin < 5 * _TARGET_S:
        if client.get(address).status_code == refusal:
            return time.monotonic() - begin
    raise AssertionError("the session still works")


def role_of(site: Site, role: Role) -> Any:
    (binding,) = role_bindings(
        OPERATOR, site.organization, principal_id=site.vera.pk, role=role
    ).rows
    return binding


def test_a_role_taken_away_is_gone_from_the_open_session(site: Site, as_user: AsUser) -> None:
    client, address = as_user(site.vera), f"{site.place}/indexes"
    times = []
    for _ in range(_TRIES):
        assert client.get(address).status_code == 200
        delete_role_binding(OPERATOR, role_of(site, Role.PROJECT_VIEWER))
        times.append(seconds_until(404, client, address))
        create_role_binding(
            OPERATOR, site.organization, principal_type=PrincipalType.USER,
            principal_id=site.vera.pk, role=Role.PROJECT_VIEWER, project_id=site.project.pk,
        )  # fmt: skip
    assert max(times) < _TARGET_S


def test_an_account_switched_off_is_out_of_its_open_session(site: Site, as_user: AsUser) -> None:
    address, times = f"{site.place}/indexes", []
    for _ in range(_TRIES):
        client = as_user(site.vera)
        assert client.get(address).status_code == 200
        deactivate(OPERATOR, site.vera)
        times.append(seconds_until(302, client, address))
        reactivate(OPERATOR, site.vera)
        site.vera.refresh_from_db(using="system")
    assert max(times) < _TARGET_S
