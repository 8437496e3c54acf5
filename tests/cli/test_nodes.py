"""`stonepine nodes …`: which nodes it names, and what it prints."""

import json

import pytest
from click.testing import Result
from typer.testing import CliRunner

from cli.main import app
from indexes.models import Node
from kit.errors import NotFound
from storage import nodes
from storage.database import Connection
from storage.nodes import Presence
from tests.support.world import World


@pytest.fixture(autouse=True)
def _zones(monkeypatch: pytest.MonkeyPatch, world: World, control: Connection) -> None:
    monkeypatch.setattr("cli.entry.enter", lambda _home: None)
    for name, zone in (("a1", "a"), ("a2", "a"), ("b1", "b")):
        nodes.beat(control, Presence(name, name, "", 1, 2**33, 30, zone), version=0)


def run(*arguments: str) -> Result:
    result = CliRunner().invoke(app, ["nodes", *arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def draining() -> set[str]:
    return {one.name for one in Node.objects.using("system").filter(is_draining=True)}


def test_the_zone_of_each_node_is_listed() -> None:
    told = json.loads(run("list", "--json").stdout)
    assert [(one["name"], one["zone"]) for one in told] == [("a1", "a"), ("a2", "a"), ("b1", "b")]
    assert run("list").stdout.splitlines()[0].startswith("name=a1  zone=a  state=live")


def test_all_nodes_of_a_zone_are_drained_and_admitted() -> None:
    assert run("drain", "--zone", "a").stdout.splitlines() == [
        "a1 is being emptied; `stonepine nodes list` shows what is left.",
        "a2 is being emptied; `stonepine nodes list` shows what is left.",
    ]
    assert draining() == {"a1", "a2"}
    assert run("admit", "--zone", "a").stdout == "a1 takes indexes.\na2 takes indexes.\n"
    assert run("drain", "b1").exit_code == 0
    assert draining() == {"b1"}
    assert run("admit", "b1").stdout == "b1 takes indexes.\n"
    assert draining() == set()


@pytest.mark.parametrize("command", ["drain", "admit"])
def test_exactly_one_of_name_and_zone_is_said(command: str) -> None:
    for told in ([], ["a1", "--zone", "a"]):
        result = run(command, *told)
        assert result.exit_code == 2
        assert "--zone" in result.stderr
    assert draining() == set()
    with pytest.raises(NotFound, match="no node in zone z9"):
        run(command, "--zone", "z9")
