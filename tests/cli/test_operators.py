"""`stonepine operators …`: what it prints and does."""

import json

import pytest
from typer.testing import CliRunner

from audit.models import Event
from cli.main import app
from kit.errors import NotFound
from tests.support.world import World


@pytest.fixture(autouse=True)
def _entered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cli.entry.enter", lambda _home: None)


def run(*arguments: str) -> str:
    result = CliRunner().invoke(app, ["operators", *arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.stdout


def test_operators_are_added_listed_and_removed(world: World) -> None:
    assert json.loads(run("list", "--json")) == []
    assert run("add", "Alice@example.com") == "Alice@example.com is an operator.\n"
    assert run("list") == "alice@example.com\n"
    assert run("remove", "alice@example.com") == "alice@example.com is no operator.\n"
    assert json.loads(run("list", "--json")) == []
    events = Event.objects.using("system").filter(action__startswith="operator.").order_by("id")
    assert [(event.action, event.actor_kind, event.source) for event in events] == [
        ("operator.added", "operator", "command_line"),
        ("operator.removed", "operator", "command_line"),
    ]
    with pytest.raises(NotFound, match="no account"):
        run("add", "nobody@example.com")
