"""`stonepine jobs …`: what it prints and does."""

import json

import pytest
from typer.testing import CliRunner

from access.actor import OPERATOR
from cli.main import app
from indexes.backups import create_backup
from indexes.models import Index, IndexState
from kit.errors import FailedPrecondition
from tests.support.world import World


@pytest.fixture(autouse=True)
def _entered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cli.entry.enter", lambda _home: None)


def run(*arguments: str) -> str:
    result = CliRunner().invoke(app, ["jobs", *arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.stdout


def test_jobs_are_listed_shown_and_cancelled(world: World) -> None:
    index = world.index()
    backup = create_backup(OPERATOR, index, name="nightly")
    (first, second) = json.loads(run("list", "--json"))
    assert (first["kind"], first["name"], first["owner"]) == ("backup", "nightly", "operator")
    assert (second["kind"], second["status"]) == ("index", "Initializing")
    assert "nightly" in run("list")
    shown = json.loads(run("show", str(backup.pk), "--json"))
    assert (shown["state"], shown["organization"]) == ("unfinished", world.organization.slug)
    assert [line["text"] for line in shown["log"]] == ["The backup was asked for."]
    assert "The index was asked for. (operator)" in run("show", str(index.pk))
    with pytest.raises(FailedPrecondition, match="cannot be cancelled"):
        run("cancel", str(index.pk))
    assert run("cancel", str(backup.pk)) == "The backup of nightly is cancelled.\n"
    assert len(json.loads(run("list", "--json"))) == 1
    Index.objects.using("system").update(state=IndexState.INITIALIZATION_FAILED)
    assert [one["state"] for one in json.loads(run("list", "--failed", "--json"))] == ["failed"]
