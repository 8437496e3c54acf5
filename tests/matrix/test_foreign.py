"""What belongs to somebody else is answered as what does not exist, byte for byte."""

import re
from collections.abc import Callable, Mapping

import pytest
from django.core.cache import cache
from django.http import HttpResponse

from cli.embedded.postgres import EmbeddedPostgres
from tests.matrix import api_rows, console_rows, state
from tests.matrix.cast import Person, key_of
from tests.matrix.conftest import Stage
from tests.matrix.reference import ANYONE, SIGNED_IN
from tests.matrix.robots import token_of
from tests.matrix.rows import Row
from tests.matrix.test_api import Caller
from tests.matrix.test_console import Browser
from tests.matrix.walk import parameters

# Differ between any two answers: the request's id, the token against forged forms.
_FRESH = re.compile(rb'(?<=name="csrfmiddlewaretoken" value=")\w+|(?<="csrf": ")\w+')
_OF_A_TENANT = {
    "organization",
    "project",
    "project_id",
    "name",
    "key_id",
    "backup_id",
    "job_id",
    "schedule_id",
    "collection",
}
_SAID = "x-pinecone-request-id"
Call = Callable[[str, str, Row], HttpResponse]


def _swaps(stage: Stage) -> list[tuple[str, dict[str, str], dict[str, str]]]:
    """One value of ours at a time replaced by theirs, and by what is not there."""
    found = []
    for name, foreign in stage.theirs.items():
        if foreign != stage.ours[name]:
            missing = stage.missing[name]
            found.append((name, stage.ours | {name: foreign}, stage.ours | {name: missing}))
    # And all at once: a whole address of theirs.
    return [*found, ("everything", stage.theirs, stage.missing)]


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PATCH", "DELETE"])
def test_a_foreign_name_is_a_missing_one(
    stage: Stage, postgres_server: EmbeddedPostgres, method: str
) -> None:
    """Tried by an organization's owner, a project's key and a service account that owns, who may
    everything of their own."""
    owner = Person("owner", stage.world.people["alice"])
    key = key_of(stage.world)
    token = token_of(stage.world, frozenset({"OrgOwner"}))
    of_keys, of_tokens = {}, {}
    for name, row in api_rows.ROWS.items():
        (of_tokens if " admin/" in name else of_keys)[name] = row
    before = state.tables(postgres_server)
    count = 0
    for name, foreign, missing in _swaps(stage):
        cache.clear()
        for rows, caller in (
            (console_rows.ROWS, lambda values: Browser(owner, values).call),
            (of_keys, lambda values: Caller(key, values).call),
            (of_tokens, lambda values: Caller(None, values, token=token).call),
        ):
            for key_, row in rows.items():
                of_row, _, route = key_.partition(" ")
                used = set(parameters(route))
                is_concerned = used & _OF_A_TENANT and (name == "everything" or name in used)
                if of_row == method and is_concerned and row.right not in {ANYONE, SIGNED_IN}:
                    _compare(caller, method, route, row, foreign, missing)
                    count += 1
    assert count or method == "PUT"
    assert state.tables(postgres_server) == before


def _compare(
    caller: Callable[[Mapping[str, str]], Call],
    method: str, route: str, row: Row, foreign: dict[str, str], missing: dict[str, str],
) -> None:  # fmt: skip
    first = caller(foreign)(method, route, row)
    second = caller(missing)(method, route, row)
    assert first.status_code == second.status_code == 404, (method, route, foreign)
    assert _comparable(first, foreign, missing) == _comparable(second, missing, missing), route


def _comparable(
    response: HttpResponse, asked: dict[str, str], missing: dict[str, str]
) -> tuple[bytes, dict[str, str]]:
    """Without what is new in every answer, and with what was asked for spelt alike."""
    body = response.content.replace(response[_SAID].encode(), b"")
    body = _FRESH.sub(b"", body)
    for name in (*sorted(_OF_A_TENANT), "connection", "domain", "kind"):
        body = re.sub(rb"\b%b\b" % asked[name].encode(), missing[name].encode(), body)
    kept = {
        key: value for key, value in response.headers.items()
        if key not in {_SAID, "Content-Length"}
    }  # fmt: skip
    return body, kept
