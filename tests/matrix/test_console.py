"""The console against every person."""

from pathlib import Path

from django.core.cache import cache
from django.http import HttpResponse

from cli.embedded.postgres import EmbeddedPostgres
from tests.matrix import state
from tests.matrix.cast import Person, people
from tests.matrix.conftest import Stage
from tests.matrix.console_rows import ROWS
from tests.matrix.grid import (
    IS_NIGHTLY,
    OVERRIDE,
    WAYS,
    Cell,
    cells,
    expected_of_person,
    told,
    trying,
)
from tests.matrix.rows import Row
from tests.matrix.walk import METHODS, filled, mounted_routes


class Browser:
    """A person's browser; signed in again after what signs out."""

    def __init__(self, person: Person, values: dict[str, str]) -> None:
        self._person, self._values = person, values
        self._client = person.browser()
        cache.clear()  # nobody is slowed down for what others tried

    def call(self, method: str, route: str, row: Row | None) -> HttpResponse:
        headers = OVERRIDE if "overridden" in method else {}
        sent = {"data": row.body} if row is not None and method.startswith("POST") else {}
        act = getattr(self._client, method.split(",", maxsplit=1)[0].lower())
        with trying(row):
            response: HttpResponse = act(filled(route, self._values), headers=headers, **sent)
        if row is not None and row.ends_session:
            self._client = self._person.browser()
        return response


def test_every_page_answers_every_person_as_its_row_says(
    stage: Stage, postgres_server: EmbeddedPostgres, installation: Path
) -> None:
    cast = people(stage.world)
    before = state.tables(postgres_server), state.files(installation)
    found: list[Cell] = []
    for person in cast:
        browser = Browser(person, stage.ours)
        found += cells(
            person.label,
            mounted_routes("console.urls"),
            ROWS,
            expected=lambda row, route, who=person: expected_of_person(who, row, route),
            call=browser.call,
            ways=METHODS if person.roles.isdisjoint({"OrgOwner"}) else WAYS,
            is_thorough="OrgOwner" in person.roles or not person.is_signed_in,
        )
    surprising = [cell for cell in found if cell.is_surprising]
    assert not surprising, told(surprising)
    assert len(found) > (10_000 if IS_NIGHTLY else 4000)
    assert (state.tables(postgres_server), state.files(installation)) == before
