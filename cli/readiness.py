"""Whether a process can do its work yet: asked cheaply, without client libraries."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from cli.processes import Probe, ProbeKind

_TIMEOUT_S = 2.0
_STATUS_LINE = 7  # of postmaster.pid; see miscadmin.h, LOCK_FILE_LINE_PM_STATUS
_OK = range(200, 300)


async def is_ready(probe: Probe, pid: int, notices: set[int]) -> bool:
    """One look; an answer that takes longer than two seconds is a no.

    `notices` are the pids that have said they are ready (see cli.notices).
    """
    if probe.kind is ProbeKind.ALIVE:
        return True
    if probe.kind is ProbeKind.NOTIFY:
        return pid in notices
    try:
        return await asyncio.wait_for(_LOOKS[probe.kind](probe, pid), _TIMEOUT_S)
    except (OSError, TimeoutError, ValueError, asyncio.IncompleteReadError):
        return False


async def _postmaster(probe: Probe, pid: int) -> bool:
    """What `pg_ctl` looks at: the server's pid file says when it takes connections."""
    lines = (Path(probe.path) / "postmaster.pid").read_text().splitlines()
    return (
        len(lines) > _STATUS_LINE
        and int(lines[0]) == pid
        and lines[_STATUS_LINE].strip() == "ready"
    )


async def _valkey(probe: Probe, _pid: int) -> bool:
    reader, writer = await asyncio.open_unix_connection(probe.path)
    try:
        writer.write(f"AUTH {probe.password}\r\nPING\r\n".encode())
        # While its file is read at start, PING answers -LOADING.
        replies = [await reader.readline(), await reader.readline()]
        return replies == [b"+OK\r\n", b"+PONG\r\n"]
    finally:
        writer.close()


async def _http(probe: Probe, _pid: int) -> bool:
    reader, writer = await asyncio.open_unix_connection(probe.path)
    try:
        request = f"GET {probe.target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        writer.write(request.encode())
        status_line = await reader.readline()
        return int(status_line.split()[1]) in _OK if status_line else False
    finally:
        writer.close()


async def _socket(probe: Probe, _pid: int) -> bool:
    _reader, writer = await asyncio.open_unix_connection(probe.path)
    writer.close()
    return True


_LOOKS: dict[ProbeKind, Callable[[Probe, int], Awaitable[bool]]] = {
    ProbeKind.POSTMASTER: _postmaster,
    ProbeKind.VALKEY: _valkey,
    ProbeKind.HTTP: _http,
    ProbeKind.SOCKET: _socket,
}
