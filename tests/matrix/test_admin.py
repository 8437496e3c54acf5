"""The Admin API against service accounts of every role, and of elsewhere."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import resolve

from access.actor import OPERATOR
from access.permissions import Role
from audit.models import Event
from orgs.access_tokens import issue_access_token
from orgs.invitations import create_invitation
from orgs.models import RoleBinding
from orgs.role_bindings import Assignment
from orgs.service_accounts import create_service_account
from orgs.tenancy import tenant
from tests.matrix.admin_rows import ROWS
from tests.matrix.conftest import Stage
from tests.matrix.grid import Cell, told
from tests.matrix.reference import (
    ORGANIZATION_ADMINISTER,
    ORGANIZATION_ROLES,
    PROJECT_READ,
    PROJECT_ROLES,
    SIGNED_IN,
    may,
)
from tests.matrix.rows import Row
from tests.matrix.walk import filled
from tests.support.world import World

_BINDING = "<str:role_binding_id>"
_OF_PROJECT = ("<str:project_id>", "<str:api_key_id>")


@dataclass(frozen=True)
class Robot:
    label: str
    token: str
    roles: frozenset[str]
    is_elsewhere: bool = False


@pytest.fixture
def values(stage: Stage) -> dict[str, str]:
    """Ids of ours, each of something that may be changed."""
    world = stage.world
    member = [Assignment(Role.ORG_MEMBER, None)]
    invitation, _ = create_invitation(
        OPERATOR, world.organization, email="new@pine.example", assignments=member
    )
    account, _ = create_service_account(
        OPERATOR, world.organization, name="target", assignments=[*member, _BILLING]
    )
    key, _ = world.key()
    with tenant(world.organization.pk):
        (binding,) = RoleBinding.objects.filter(
            principal_id=account.pk, role=Role.ORG_BILLING_ADMIN
        )
    return {
        "organization_id": world.organization.public_id,
        "project_id": str(world.project.pk),
        "api_key_id": str(key.pk),
        "user_id": str(world.people["bob"].pk),
        "invite_id": str(invitation.pk),
        "service_account_id": str(account.pk),
        "role_binding_id": str(binding.pk),
    }


_BILLING = Assignment(Role.ORG_BILLING_ADMIN, None)


def test_every_route_answers_every_service_account_as_its_row_says(
    stage: Stage, values: dict[str, str]
) -> None:
    found = [cell for robot in _robots(stage.world) for cell in _cells(robot, values)]
    surprising = [cell for cell in found if cell.is_surprising]
    assert not surprising, told(surprising)
    assert len(found) > 13 * 25


def _robots(world: World) -> Iterator[Robot]:
    for role in (*ORGANIZATION_ROLES, *PROJECT_ROLES):
        roles = frozenset({role} if role in ORGANIZATION_ROLES else {"OrgMember", role})
        yield Robot(f"service account {role}", _token(world, roles), roles)
    owner = frozenset({"OrgOwner"})
    yield Robot("owner elsewhere", _token(world, owner, is_ours=False), owner, is_elsewhere=True)


def _token(world: World, roles: frozenset[str], *, is_ours: bool = True) -> str:
    assignments = [
        Assignment(Role(role), None if role in ORGANIZATION_ROLES else world.project.pk)
        for role in sorted(roles)
    ]
    organization = world.organization if is_ours else world.elsewhere
    account, plain = create_service_account(
        OPERATOR, organization, name="robot", assignments=assignments
    )
    return issue_access_token(account.client_id, plain.value).plain.value


def _cells(robot: Robot, values: dict[str, str]) -> Iterator[Cell]:
    client = Client(raise_request_exception=False)
    events = Event.objects.using("system")
    for key, row in ROWS.items():
        method, _, route = key.partition(" ")
        if not _is_served(method, filled(route, values)):
            continue
        expected = _expected(robot, row, route)
        before = events.count()
        with transaction.atomic():
            response = _call(client, robot, method, filled(route, values), row)
            # What is allowed does happen here, and is taken back.
            transaction.set_rollback(expected not in {"403", "404"})
        got, left = str(response.status_code), events.count() - before
        is_tried = got == "403" and method != "GET"
        remark = f"and {left} events" if is_tried and left != row.denied_events else ""
        yield Cell(robot.label, method, route, expected, got, remark)


def _is_served(method: str, path: str) -> bool:
    """Rows may come before their methods do."""
    return hasattr(resolve(path).func.cls, method.lower())


def _call(client: Client, robot: Robot, method: str, path: str, row: Row) -> HttpResponse:
    body = json.dumps(row.body) if row.body else ""
    bearer = {"Authorization": f"Bearer {robot.token}"}
    response: HttpResponse = client.generic(method, path, body, "application/json", headers=bearer)
    return response


def _expected(robot: Robot, row: Row, route: str) -> str:
    if robot.is_elsewhere:
        return "404" if "<" in route else str(row.allowed)
    is_hidden = any(part in route for part in _OF_PROJECT) and not may(robot.roles, PROJECT_READ)
    # A service account's binding is seen by itself and by who may change it.
    if is_hidden or (_BINDING in route and not may(robot.roles, ORGANIZATION_ADMINISTER)):
        return "404"
    return str(row.allowed) if row.right == SIGNED_IN or may(robot.roles, row.right) else "403"
