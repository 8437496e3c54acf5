"""An operator at a running installation who dies at a given step: `python -m … HOME`.

Each line that it reads is an act and the step before which whoever carries it out is killed (0:
never); each line that it writes says how that ended, and what was printed. An act is a command of
`stonepine`, or the name of one that only the console has.
"""

import contextlib
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from tests.support.mortality import is_killed
from tests.support.stack import REPOSITORY, Stack

_STEPS = {
    one.__code__
    for one in (
        psycopg.Cursor.execute, psycopg.Connection.commit, psycopg.Transaction.__exit__
    )
}  # fmt: skip


class Failed(AssertionError):
    """The act came to an end, and was refused or broke."""


@dataclass(frozen=True)
class Desk:
    process: "subprocess.Popen[str]"

    def act(self, *command: str, given: str = "") -> str:
        """What was printed. Raises `Failed` where it did not succeed."""
        answer = self._ask(command, step=0, given=given)
        if answer["failure"]:
            raise Failed(f"{' '.join(command)}: {answer['failure']}")
        return str(answer["said"])

    def is_killed(self, *command: str, step: int, given: str = "") -> bool:
        """Whether it died before that step; else it did everything. Raises `Failed`."""
        answer = self._ask(command, step=step, given=given)
        if answer["failure"]:
            raise Failed(f"{' '.join(command)}: {answer['failure']}")
        return bool(answer["killed"])

    def inventory(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.act("keys", "inventory", "--json"))
        return found

    def _ask(self, command: tuple[str, ...], *, step: int, given: str) -> dict[str, Any]:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        asked = {"command": command, "step": step, "given": given}
        self.process.stdin.write(json.dumps(asked) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert line, "the desk has closed"
        answer: dict[str, Any] = json.loads(line)
        return answer


@contextmanager
def rotation_desk(stack: Stack) -> Iterator[Desk]:
    with (
        (stack.home.parent / "desk.log").open("a") as log,
        subprocess.Popen(
            [sys.executable, "-m", "tests.chaos.rotation_desk", str(stack.home)],
            cwd=REPOSITORY, env=stack.environment(), text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log,
        ) as process,
    ):  # fmt: skip
        yield Desk(process)
        assert process.stdin is not None
        process.stdin.close()


def _command(arguments: list[str], home: Path) -> None:
    import click

    from cli.main import app
    from kit.errors import StonepineError

    try:
        app([*arguments, "--home", str(home)], standalone_mode=False)
    except (click.ClickException, StonepineError) as error:
        raise Failed(str(error)) from error


def _connection(home: Path) -> None:
    """A draft of a sign-on connection, where the first organization has none."""
    with _operating(home) as operator:
        from orgs.queries import first_organization
        from sso.connections import create_connection
        from sso.models import SamlConnection

        organization = first_organization()
        assert organization is not None
        if not SamlConnection.objects.using("system").exists():
            create_connection(operator, organization, name="SSO")


def _announce(home: Path) -> None:
    from sso.key_pairs import begin_key_rotation

    _on_connection(home, begin_key_rotation)


def _finish(home: Path) -> None:
    from sso.key_pairs import finish_key_rotation

    _on_connection(home, finish_key_rotation)


def _pairs(home: Path) -> None:
    """Prints the states of its key pairs, and opens each."""
    with _operating(home):
        from sso.key_pairs import opened
        from sso.models import SpKeyPair

        rows = SpKeyPair.objects.using("system").order_by("created_at")
        told = {row.certificate: row.state for row in rows if opened(row).private_key}
        sys.stdout.write(json.dumps(told))


def _on_connection(home: Path, verb: Callable[[Any, Any], Any]) -> None:
    with _operating(home) as operator:
        from sso.models import SamlConnection

        row = SamlConnection.objects.using("system").select_related("organization")[0]
        verb(operator, row)


@contextmanager
def _operating(home: Path) -> "Iterator[Any]":
    from cli.entry import operating

    with operating(home) as operator:
        yield operator


_OF_THE_CONSOLE = {
    "connection": _connection, "announce pair": _announce, "use next pair": _finish,
    "pairs": _pairs,
}  # fmt: skip


def _carry_out(command: list[str], home: Path, given: str, answer: int) -> None:
    """What is printed or goes wrong is written to the descriptor, as JSON."""
    said, failure, sys.stdin = io.StringIO(), "", io.StringIO(given)
    try:
        with contextlib.redirect_stdout(said):
            if command[0] in _OF_THE_CONSOLE:
                _OF_THE_CONSOLE[command[0]](home)
            else:
                _command(command, home)
    except BaseException as error:  # noqa: BLE001 - told to whoever asked
        failure = f"{type(error).__name__}: {error}"
    finally:
        sys.setprofile(None)
        os.write(answer, json.dumps({"said": said.getvalue(), "failure": failure}).encode())


def _serve(home: Path) -> None:
    from cli.entry import enter
    from kit.environment import environment

    told = dict(os.environ)
    enter(home)  # so that the forks need not read everything again; they are told what we were
    os.environ.clear()
    os.environ.update(told)
    environment.cache_clear()
    for line in sys.stdin:
        asked = json.loads(line)
        answer: dict[str, Any] = {"said": "", "failure": "", "killed": False}
        with (home.parent / "answer").open("w+b") as file:

            def work(asked: dict[str, Any] = asked, to: int = file.fileno()) -> None:
                _carry_out(asked["command"], home, asked["given"], to)

            answer["killed"] = is_killed(work, asked["step"] or sys.maxsize, _STEPS)
            file.seek(0)
            answer |= json.loads(file.read() or b"{}")
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    _serve(Path(sys.argv[1]))
