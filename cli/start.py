"""`stonepine up`: in the foreground, or detached with a report of how the start went."""

import asyncio
import json
import os
import resource
import select
import signal
import sys
from pathlib import Path
from typing import IO, Any

from rich.console import Console

from cli.apart import run_apart
from cli.display import Screen, welcome
from cli.errors import SetupError
from cli.home import Home
from cli.instance import InstanceLock
from cli.processes import Plan
from cli.supervisor import Supervisor
from kit.parts import PartKind

# A first start on a slow disk takes half a minute; past this somebody should look.
_START_LIMIT_S = 180


def run_in_foreground(
    home: Home, port: int | None, console: Console, *, part: PartKind | None = None
) -> None:
    """Returns after an orderly stop; raises SetupError where the start fails. Everything is started
    unless it is one part of several."""
    lock, plan = _take_and_prepare(home, port, part)
    screen = Screen(console)
    supervisor = Supervisor(plan, lock, home.status_file)
    supervisor.on_change = screen.show

    def on_ready(facts: dict[str, Any]) -> None:
        _note_owner(home, facts)
        screen.welcome(plan, facts)

    supervisor.on_ready = on_ready
    try:
        asyncio.run(supervisor.run())
    finally:
        screen.close()
        lock.release()


def run_detached(
    home: Home, port: int | None, console: Console, *, part: PartKind | None = None
) -> None:
    """Start a supervisor of its own session, and return once all is ready."""
    reader, writer = os.pipe()
    if os.fork() == 0:
        os.close(reader)
        _supervise_alone(home, port, writer, part)
    os.close(writer)
    if not select.select([reader], [], [], _START_LIMIT_S)[0]:
        raise SetupError(
            f"Not everything is ready after {_START_LIMIT_S} s; the start goes on by itself.",
            hint=f"Look at `stonepine status --home {home.path}` and {home.log_dir}.",
        )
    with os.fdopen(reader) as reports:
        for line in reports:
            report = json.loads(line)
            if "error" in report:
                raise SetupError(report["error"], hint=report["hint"])
            welcome(console, Plan.from_json(report["plan"]), report["facts"])
            return
    raise SetupError(
        "The supervisor ended while starting.", hint=f"See {home.log_dir / 'supervisor.log'}."
    )


def _supervise_alone(home: Home, port: int | None, report: int, part: PartKind | None) -> None:
    """The detached process: it reports once, to whoever started it, and never returns."""
    os.setsid()
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    pipe = os.fdopen(report, "w")
    code = 2
    try:
        lock, plan = _take_and_prepare(home, port, part)
        _leave_the_terminal(home.log_dir / "supervisor.log")
        supervisor = Supervisor(plan, lock, home.status_file)

        def on_ready(facts: dict[str, Any]) -> None:
            _note_owner(home, facts)
            public = {**plan.to_json(), "environment": {}, "processes": []}
            _tell(pipe, {"plan": public, "facts": facts})

        supervisor.on_ready = on_ready
        asyncio.run(supervisor.run())
        code = 0
    except SetupError as error:
        _tell(pipe, {"error": error.message, "hint": error.hint})
    finally:
        if code and sys.exc_info()[0] not in {None, SetupError}:
            sys.excepthook(*sys.exc_info())
        sys.stderr.flush()
        os._exit(code)


def _take_and_prepare(
    home: Home, port: int | None, part: PartKind | None
) -> tuple[InstanceLock, Plan]:
    os.umask(0o077)  # whatever we and our children write is ours alone
    _withhold_core_files()
    home.create()
    lock = InstanceLock.take(home)
    try:
        return lock, Plan.from_json(run_apart(lambda: _prepare(home, port, part)))
    except BaseException:
        lock.release()
        raise


def _withhold_core_files() -> None:
    """They would hold secrets. Children inherit it."""
    _, most = resource.getrlimit(resource.RLIMIT_CORE)
    if most != 0:
        # Not 0: at 1, Linux gives none to a program that kernel.core_pattern names either
        # (fs/coredump.c).
        resource.setrlimit(resource.RLIMIT_CORE, (1, 1))


def _prepare(home: Home, port: int | None, part: PartKind | None) -> dict[str, Any]:
    if part is not None:
        from cli.part_preparation import prepare_part

        return prepare_part(home, part, port).to_json()
    from cli.preparation import prepare

    return prepare(home, port).to_json()


def _note_owner(home: Home, facts: dict[str, Any]) -> None:
    """Once the first owner exists there is no link to mint, and the next start need not ask."""
    if not facts.get("setup_link"):
        home.remember(has_owner=True)


def _leave_the_terminal(log: Path) -> None:
    nothing = os.open(os.devnull, os.O_RDONLY)
    kept = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for target, source in ((0, nothing), (1, kept), (2, kept)):
        os.dup2(source, target)
    os.close(nothing)
    os.close(kept)


def _tell(pipe: IO[str], report: dict[str, Any]) -> None:
    try:
        pipe.write(json.dumps(report) + "\n")
        pipe.close()
    except OSError:
        return  # nobody waits for it any more
