"""`stonepine org retention`: what it shows and changes, and what it refuses."""

import json

import pytest
from typer.testing import CliRunner

from cli.main import app
from kit.errors import InvalidArgument
from tests.support.world import World


@pytest.fixture(autouse=True)
def _entered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cli.entry.enter", lambda _home: None)


def run(world: World, *arguments: str) -> str:
    command = ["org", "retention", world.organization.slug, *arguments]
    result = CliRunner().invoke(app, command)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.output


def test_it_shows_what_holds_and_changes_what_is_named(world: World) -> None:
    assert "backups: until somebody deletes them (Backups)" in run(world)
    told = json.loads(run(world, "--keep", "backups=90", "--keep", "metrics=30", "--json"))
    assert (told["backups"], told["metrics"], told["finished_jobs"]) == (90, 30, 30)
    told = json.loads(run(world, "--keep", "metrics=usual", "--json"))
    assert (told["backups"], told["metrics"]) == (90, 400)


def test_what_it_does_not_understand_it_says(world: World) -> None:
    assert "'metrics' is not like metrics=90" in run(world, "--keep", "metrics")
    with pytest.raises(InvalidArgument, match="'audit' is nothing that is kept"):
        run(world, "--keep", "audit=30")
