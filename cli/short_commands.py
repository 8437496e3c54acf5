"""Short-lived commands of the supervisor: no restart, no log, their output is read."""

import asyncio
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

_TAIL_LINES = 12


class CommandFailed(Exception):
    """Carries the end of what the command complained about."""


async def run_short(command: list[str], environment: Mapping[str, str], directory: Path) -> bytes:
    """What the command prints. Without a thread: its outputs must be small enough for their pipes.

    Cancelling ends the command.
    """
    process = subprocess.Popen(  # noqa: ASYNC220,S603 - our own commands
        command,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env=dict(environment), cwd=directory,
    )  # fmt: skip
    exited = asyncio.Event()
    descriptor = os.pidfd_open(process.pid)
    loop = asyncio.get_running_loop()
    loop.add_reader(descriptor, exited.set)
    try:
        await exited.wait()
    except asyncio.CancelledError:
        process.kill()
        raise
    finally:
        loop.remove_reader(descriptor)
        os.close(descriptor)
        output, errors = process.communicate()
    if process.returncode != 0:
        lines = errors.decode(errors="replace").splitlines()[-_TAIL_LINES:]
        raise CommandFailed("\n".join(lines))
    return output
