"""`stonepine access explain`: what it prints, and its exit codes."""

import json

import pytest
from typer.testing import CliRunner

from cli.main import app
from kit.errors import InvalidArgument, NotFound
from tests.support.world import World


@pytest.fixture(autouse=True)
def _entered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cli.access.enter", lambda _home: None)


def run(who: str, permission: str, *options: str) -> tuple[int, str]:
    given = ["--org", "pine", "--principal", who, "--permission", permission, *options]
    result = CliRunner().invoke(app, ["access", "explain", *given])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout


def test_yes_is_exit_code_0_and_names_the_binding(world: World) -> None:
    code, output = run("bob@example.com", "data:write", "--project", world.project.slug)
    assert code == 0
    assert output.startswith(
        "Yes. Bob: data:write in the project Search is allowed by ProjectEditor on the project "
        "(binding "
    )
    assert output.endswith("Roles that count there: ProjectEditor.\n")


def test_no_is_exit_code_1_and_names_what_would_do(world: World) -> None:
    world.index("movies")
    place = ["--project", str(world.project.pk), "--index", "movies", "--namespace", ""]
    code, output = run("vera@example.com", "data:write", *place)
    assert code == 1
    assert output.startswith(
        "No. Vera: data:write in the namespace __default__ of the index movies is denied: "
        "no role held here carries data:write. What would allow it: DataPlaneEditor"
    )


def test_the_organization_itself_is_meant_without_a_project_and_json_is_printed(
    world: World,
) -> None:
    code, output = run("alice@example.com", "audit:read", "--json")
    said = json.loads(output)
    assert (code, said["allowed"], said["place"]["project_id"]) == (0, True, None)
    assert [grant["role"] for grant in said["allowing"]] == ["OrgOwner"]
    assert said["place"]["organization_id"] == str(world.organization.pk)


def test_bad_input_says_what_is_wrong(world: World) -> None:
    with pytest.raises(InvalidArgument, match="api_key:create, "):
        run("alice@example.com", "everything")
    with pytest.raises(InvalidArgument, match="--project"):
        run("alice@example.com", "data:read", "--index", "movies")
    with pytest.raises(InvalidArgument, match="--index"):
        run("alice@example.com", "data:read", "--project", "search", "--namespace", "a")
    with pytest.raises(NotFound, match="Nobody"):
        run("mallory@example.com", "data:read")
    with pytest.raises(NotFound):
        run("alice@example.com", "data:read", "--project", world.their_project.slug)
