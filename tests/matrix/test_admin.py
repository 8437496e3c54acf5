"""The Admin API against service accounts of every role and of elsewhere, and ended tokens."""

import json
from collections.abc import Callable, Iterator

from django.db import transaction
from django.http import HttpResponse
from django.test import Client

from access.actor import OPERATOR
from audit.models import Event
from orgs.organizations import suspend_organization
from tests.matrix.admin_rows import ROWS
from tests.matrix.conftest import Stage
from tests.matrix.grid import Cell, told
from tests.matrix.reference import ORGANIZATION_ADMINISTER, PROJECT_READ, SIGNED_IN, may
from tests.matrix.robots import Robot, ended_robots, living_robots, token_of
from tests.matrix.rows import Row
from tests.matrix.walk import filled

_BINDING = "<str:role_binding_id>"
_OF_PROJECT = ("<str:project_id>", "<str:api_key_id>")


def test_every_route_answers_every_service_account_as_its_row_says(
    stage: Stage, ids: dict[str, str]
) -> None:
    robots = [*living_robots(stage.world), *ended_robots(stage.world)]
    found = [cell for robot in robots for cell in _cells(robot, ids)]
    surprising = [cell for cell in found if cell.is_surprising]
    assert not surprising, told(surprising)
    assert len(found) == len(robots) * len(ROWS)


def test_no_service_account_of_a_suspended_organization_is_let_in(
    stage: Stage, ids: dict[str, str]
) -> None:
    world, owner = stage.world, frozenset({"OrgOwner"})
    robots = [
        Robot("owner of the suspended one", token_of(world, owner), None),
        Robot("owner elsewhere", token_of(world, owner, is_ours=False), owner, is_elsewhere=True),
    ]
    suspend_organization(OPERATOR, world.organization, reason="for the matrix")
    found = [cell for robot in robots for cell in _cells(robot, ids)]
    surprising = [cell for cell in found if cell.is_surprising]
    assert not surprising, told(surprising)


def _cells(robot: Robot, ids: dict[str, str]) -> Iterator[Cell]:
    client = Client(raise_request_exception=False)
    for key, row in ROWS.items():
        method, _, route = key.partition(" ")
        expected = _expected(robot, row, route)

        def call(method: str = method, route: str = route, row: Row = row) -> str:
            return str(_call(client, robot, method, filled(route, ids), row).status_code)

        remark = ""
        if expected in {"401", "404"}:
            got = call()
        elif expected == "403":
            got, left = _counted(call)
            if method != "GET" and left != row.denied_events:
                remark = f"and {left} events"
        else:
            with transaction.atomic():
                got = call()
                transaction.set_rollback(True)  # what is allowed does happen here
        yield Cell(robot.label, method, route, expected, got, remark)


def _counted(call: Callable[[], str]) -> tuple[str, int]:
    """The answer, and how many events it left."""
    events = Event.objects.using("system")
    before = events.count()
    return call(), events.count() - before


def _call(client: Client, robot: Robot, method: str, path: str, row: Row) -> HttpResponse:
    body = json.dumps(row.body) if row.body else ""
    bearer = {"Authorization": f"Bearer {robot.token}"}
    response: HttpResponse = client.generic(method, path, body, "application/json", headers=bearer)
    return response


def _expected(robot: Robot, row: Row, route: str) -> str:
    if robot.roles is None:
        return "401"
    if robot.is_elsewhere:
        return "404" if "<" in route else str(row.allowed)
    is_hidden = any(part in route for part in _OF_PROJECT) and not may(robot.roles, PROJECT_READ)
    # A service account's binding is seen by itself and by who may change it.
    if is_hidden or (_BINDING in route and not may(robot.roles, ORGANIZATION_ADMINISTER)):
        return "404"
    return str(row.allowed) if row.right == SIGNED_IN or may(robot.roles, row.right) else "403"
