"""The examples run as they stand, with nothing set but what `stonepine up` prints."""

import pytest

from tests.support.clients import (
    VERSIONS,
    interpreter,
    run_client,
    typescript_folder,
)
from tests.support.stack import REPOSITORY, Stack

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]

QUICKSTART = REPOSITORY / "examples" / "quickstart.py"


def assert_sensible(printed: str) -> None:
    """Real neighbours come first, and the filter holds: the large aegisub is left out."""
    subtitles, game, database = printed.split("\nLike ")[1:]
    assert "subtitle" in subtitles.splitlines()[1]
    assert "aegisub" not in printed
    assert "moon-buggy" in game.splitlines()[1]
    assert "PostgreSQL" in database.splitlines()[1]
    for part in (subtitles, game, database):
        assert len([line for line in part.splitlines() if line.startswith("  ")]) == 5


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("options", [[], ["--grpc"]], ids=["rest", "grpc"])
def test_the_python_quickstart_runs(
    stack: Stack, name: str, version: str, options: list[str]
) -> None:
    command = [str(interpreter(version)), str(QUICKSTART), "--name", name, *options]
    assert_sensible(run_client(stack, command))


def test_the_typescript_quickstart_runs(stack: Stack, name: str) -> None:
    folder = typescript_folder()
    command = ["node", "dist/quickstart.js", "--name", name]
    assert_sensible(run_client(stack, command, cwd=folder))
