"""Processes that serve no socket say themselves when they are ready, as systemd has it.

The protocol is sd_notify's: a datagram `READY=1` to the socket that NOTIFY_SOCKET names. The sender
is known by the credentials that the kernel adds.
"""

import asyncio
import os
import socket
import struct
from collections.abc import Callable
from pathlib import Path

_CREDENTIALS = struct.Struct("iii")
_MAX_MESSAGE = 4096


class NoticeBoard:
    """Listens on `path`; `ready` holds the pids that have reported."""

    def __init__(self, path: Path, on_notice: Callable[[], None]) -> None:
        self.ready: set[int] = set()
        self._path = path
        self._on_notice = on_notice
        path.unlink(missing_ok=True)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
        self._socket.settimeout(0)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        self._socket.bind(str(path))
        path.chmod(0o600)
        asyncio.get_running_loop().add_reader(self._socket, self._read)

    def close(self) -> None:
        asyncio.get_running_loop().remove_reader(self._socket)
        self._socket.close()
        self._path.unlink(missing_ok=True)

    def _read(self) -> None:
        try:
            message, ancillary, _flags, _address = self._socket.recvmsg(
                _MAX_MESSAGE, socket.CMSG_SPACE(_CREDENTIALS.size)
            )
        except BlockingIOError:
            return
        for level, kind, content in ancillary:
            if (
                level == socket.SOL_SOCKET
                and kind == socket.SCM_CREDENTIALS
                and b"READY=1" in message.split(b"\n")
            ):
                self.ready.add(_CREDENTIALS.unpack(content)[0])
                self._on_notice()


def say_ready() -> None:
    """Called in the child; does nothing where nobody listens."""
    path = os.environ.get("NOTIFY_SOCKET")
    if not path:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.connect(path)
        sender.send(b"READY=1\n")
