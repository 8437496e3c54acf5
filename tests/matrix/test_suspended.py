"""A suspended organization: its members are told at every door, everybody else finds nothing."""

from dataclasses import replace

import pytest

from access.actor import OPERATOR
from audit.models import Event
from cli.embedded.postgres import EmbeddedPostgres
from orgs.organizations import suspend_organization
from tests.matrix import api_rows, console_rows, state
from tests.matrix.cast import KeyHolder, Person, key_of
from tests.matrix.conftest import Stage
from tests.matrix.grid import Cell, cells, expected_of_key, expected_of_person, told
from tests.matrix.reference import ANYONE, OPERATE, SIGNED_IN
from tests.matrix.rows import Row, Rows
from tests.matrix.test_api import OPEN, Caller
from tests.matrix.test_console import Browser
from tests.matrix.walk import mounted_routes

_SAYS = "Pine is suspended"


def _is_behind_a_door(row: Row) -> bool:
    return row.right not in {ANYONE, OPERATE, SIGNED_IN}


# The page of a role that is missing has the same status, and other words.
ROWS: Rows = {
    key: replace(row, allowed=403, says=_SAYS) if _is_behind_a_door(row) else row
    for key, row in console_rows.ROWS.items()
}


@pytest.fixture
def suspended(stage: Stage) -> Stage:
    suspend_organization(OPERATOR, stage.world.organization, reason="for the matrix")
    return stage


def test_every_page_tells_members_and_nobody_else(
    suspended: Stage, postgres_server: EmbeddedPostgres
) -> None:
    named = suspended.world.people
    members = [Person(name, named[name], is_member=True) for name in ("alice", "bob", "vera")]
    # People still end their own sessions, and that leaves events about themselves.
    left = Event.objects.using("system").exclude(target_type="user")
    before, events = state.tables(postgres_server), left.count()
    found: list[Cell] = []
    for person in [*members, Person("mallory", named["mallory"]), Person("anonymous", None)]:
        found += cells(
            person.label,
            mounted_routes("console.urls"),
            ROWS,
            expected=lambda row, route, who=person: _expected(who, row, route),
            call=Browser(person, suspended.ours).call,
        )
    surprising = [cell for cell in found if cell.is_surprising]
    assert not surprising, told(surprising)
    told_so = sum(cell.got == f"403 {_SAYS}" for cell in found)
    assert told_so == len(members) * sum(map(_is_behind_a_door, ROWS.values()))
    assert state.tables(postgres_server) == before
    assert left.count() == events


def _expected(person: Person, row: Row | None, route: str) -> str:
    if row is not None and _is_behind_a_door(row) and person.is_member:
        return row.for_holders
    return expected_of_person(person, row, route)


def test_its_keys_are_refused_like_revoked_ones(
    stage: Stage, postgres_server: EmbeddedPostgres
) -> None:
    key = key_of(stage.world)
    suspend_organization(OPERATOR, stage.world.organization, reason="for the matrix")
    before = state.tables(postgres_server, with_traces=True)
    found = cells(
        "its key",
        mounted_routes("api.urls"),
        api_rows.ROWS,
        expected=lambda row, route: expected_of_key(
            KeyHolder("its key", key, None), row, route, is_open=route in OPEN
        ),
        call=Caller(key, stage.ours).call,
    )
    surprising = [cell for cell in found if cell.is_surprising]
    assert not surprising, told(surprising)
    # Not even that it was used is noted.
    assert state.tables(postgres_server, with_traces=True) == before
