"""Log lines of processes that are not Django's."""

import json
import os
import subprocess
import sys

import pytest

_PROGRAM = """
import asyncio, contextlib, uvloop
from kit.logs import configure_logs

class Broken(asyncio.Protocol):
    def data_received(self, received):
        raise ValueError("broken protocol")

async def main():
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Broken, "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    writer.write(b"x")
    with contextlib.suppress(ConnectionError):  # cut off by the broken side, at times by a reset
        await reader.read()
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()
    server.close()
    await server.wait_closed()

configure_logs("trial")
uvloop.run(main())
"""


def test_what_breaks_in_the_event_loop_is_logged_with_its_traceback() -> None:
    result = subprocess.run(
        [sys.executable, "-X", "faulthandler", "-c", _PROGRAM],
        # libuv aborts where one of its own files got the number of a standard stream.
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert (result.returncode, result.stderr) == (0, "")
    (line,) = [json.loads(line) for line in result.stdout.splitlines()]
    assert line["process"] == "trial"
    assert line["exception"].endswith("\nValueError"), "its text may quote what was sent"
    assert "in data_received" in line["exception"]


_LEVELS = """
import logging, structlog
from kit.logs import configure_logs

configure_logs("trial")
for log in (structlog.get_logger(), logging.getLogger("library")):
    for level in ("debug", "info", "warning", "error"):
        getattr(log, level)(level)
"""


@pytest.mark.parametrize(
    ("level", "own", "of_libraries"),
    [
        ("debug", ["debug", "info", "warning", "error"], ["debug", "info", "warning", "error"]),
        ("info", ["info", "warning", "error"], ["warning", "error"]),
        ("error", ["error"], ["error"]),
    ],
)
def test_the_level_is_the_operators(level: str, own: list[str], of_libraries: list[str]) -> None:
    result = subprocess.run(
        [sys.executable, "-c", _LEVELS],
        env=os.environ | {"STONEPINE_LOG_LEVEL": level},
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert [line["message"] for line in lines if "logger" not in line] == own
    assert [line["message"] for line in lines if line.get("logger") == "library"] == of_libraries
