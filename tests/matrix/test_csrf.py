"""Forged forms: whatever of the console changes something wants the token of its own pages."""

from collections.abc import Iterator
from pathlib import Path

from django.test import Client
from django.urls import resolve

from cli.embedded.postgres import EmbeddedPostgres
from tests.matrix import state
from tests.matrix.cast import Person
from tests.matrix.conftest import MISSING, Stage
from tests.matrix.console_rows import ROWS
from tests.matrix.walk import filled, mounted_routes

# Providers' pages send these, from another site: a signature or a session-bound id stands in them.
FROM_PROVIDERS = {
    "sso/saml/<uuid:connection_id>/acs",
    "sso/saml/<uuid:connection_id>/slo",
}


def test_only_what_providers_send_is_excused_from_the_token() -> None:
    excused = {
        route
        for route in mounted_routes("console.urls")
        if getattr(resolve(filled(route, MISSING)).func, "csrf_exempt", False)
    }
    assert excused == FROM_PROVIDERS


def test_a_form_without_the_token_is_refused_and_changes_nothing(
    stage: Stage, postgres_server: EmbeddedPostgres, installation: Path
) -> None:
    owner = Person("owner", stage.world.people["alice"]).browser()
    forged = Client(enforce_csrf_checks=True, HTTP_ACCEPT="text/html")
    forged.cookies = owner.cookies
    before = state.tables(postgres_server), state.files(installation)
    answers = dict(_forgeries(forged, stage.ours))
    surprising = {sent: status for sent, status in answers.items() if status != 403}
    assert not surprising
    assert {f"POST {route}" for route in FROM_PROVIDERS} == {
        row for row in ROWS if row.startswith("POST ") and row not in answers
    }
    assert (state.tables(postgres_server), state.files(installation)) == before


def _forgeries(forged: Client, values: dict[str, str]) -> Iterator[tuple[str, int]]:
    """As a page of another site sends it: with the person's session, without the token."""
    for route in mounted_routes("console.urls"):
        if route in FROM_PROVIDERS:
            continue
        row = ROWS.get(f"POST {route}")
        response = forged.post(filled(route, values), row.body if row else {})
        yield f"POST {route}", response.status_code
