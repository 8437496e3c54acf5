"""The control plane's API against every key, and against people's sessions."""

import json
from pathlib import Path

from django.http import HttpResponse
from django.test import Client

from cli.embedded.postgres import EmbeddedPostgres
from tests.matrix import state
from tests.matrix.api_rows import ROWS
from tests.matrix.cast import KeyHolder, Person, key_holders
from tests.matrix.conftest import Stage
from tests.matrix.grid import OVERRIDE, WAYS, Cell, cells, expected_of_key, told, trying
from tests.matrix.reference import ANYONE, CONTROL_WRITE
from tests.matrix.rows import Row, Rows
from tests.matrix.walk import METHODS, filled, mounted_routes


class Caller:
    """One key, one token of a service account, or somebody's browser without either."""

    def __init__(
        self,
        key: str | None,
        values: dict[str, str],
        client: Client | None = None,
        *,
        token: str | None = None,
    ) -> None:
        self._client = client or Client(raise_request_exception=False)
        self._headers = {} if key is None else {"Api-Key": key}
        if token is not None:
            self._headers["Authorization"] = f"Bearer {token}"
        self._values = values

    def call(self, method: str, route: str, row: Row | None) -> HttpResponse:
        headers = {**self._headers, **(OVERRIDE if "overridden" in method else {})}
        body = json.dumps(row.body) if row is not None and row.body else ""
        path = filled(route, self._values)
        with trying(row):
            response: HttpResponse = self._client.generic(
                method.split(",", maxsplit=1)[0], path, body, "application/json", headers=headers
            )
        return response


def _rows_for(holder: KeyHolder) -> Rows:
    """A key of another project could create in its own place: it sends nothing that would."""
    if not holder.is_elsewhere:
        return ROWS
    of_elsewhere = {"name": "Not So", "source": "movies"}
    return ROWS | {
        "POST indexes": Row(CONTROL_WRITE, 400),
        "POST collections": Row(CONTROL_WRITE, 404, of_elsewhere),
    }


OPEN = {key.partition(" ")[2] for key, row in ROWS.items() if row.right == ANYONE}


def test_every_route_answers_every_key_as_its_row_says(
    stage: Stage, postgres_server: EmbeddedPostgres, installation: Path
) -> None:
    holders = key_holders(stage.world)
    # Whoever they are: nothing here listens to sessions.
    named = stage.world.people
    browsers = [
        (KeyHolder(f"the session of {name}", None, None), Person(name, named[name]).browser())
        for name in ("alice", "bob", "mallory")
    ]
    before = state.tables(postgres_server), state.files(installation)
    found: list[Cell] = []
    for holder, client in [*((one, None) for one in holders), *browsers]:
        found += cells(
            holder.label,
            mounted_routes("api.urls"),
            _rows_for(holder),
            expected=lambda row, route, who=holder: expected_of_key(
                who, row, route, is_open=route in OPEN
            ),
            call=Caller(holder.value, stage.ours, client).call,
            ways=METHODS if holder.roles != {"ProjectEditor"} else WAYS,
            is_thorough=holder.roles in (None, {"ProjectEditor"}),
        )
    surprising = [cell for cell in found if cell.is_surprising]
    assert not surprising, told(surprising)
    assert (state.tables(postgres_server), state.files(installation)) == before
