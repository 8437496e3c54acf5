"""The engine's unix socket: connections of fronts, frames in, frames out."""

import socket
from collections.abc import Callable
from pathlib import Path

import msgspec
import structlog

from dataplane.engine import messages
from dataplane.engine.failures import failure
from dataplane.engine.loop import Loop
from kit.errors import StonepineError

_RECEIVE_BYTES = 1024 * 1024
_BACKLOG = 256

_log = structlog.get_logger()

# Takes a request and what its reply is to be given to, once, now or later.
Answer = Callable[[messages.Reply], None]
Handler = Callable[[messages.AnyRequest, Answer], None]


class Listener:
    """Accepts fronts until it is closed."""

    wants_write = False

    def __init__(self, path: Path, loop: Loop, handle: Handler) -> None:
        path.unlink(missing_ok=True)
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(0)
        self._socket.bind(str(path))
        path.chmod(0o600)
        self._socket.listen(_BACKLOG)
        self._loop = loop
        self._handle = handle
        loop.add(self)

    def fileno(self) -> int:
        return self._socket.fileno()

    def wait_s(self) -> float | None:
        return None

    def on_ready(self) -> None:
        try:
            accepted, _ = self._socket.accept()
        except BlockingIOError:
            return
        self._loop.add(_Front(accepted, self._loop, self._handle))

    def close(self) -> None:
        self._loop.remove(self)
        self._socket.close()


class _Front:
    """One connection of a front."""

    def __init__(self, connection: socket.socket, loop: Loop, handle: Handler) -> None:
        connection.settimeout(0)
        self._socket = connection
        self._loop = loop
        self._handle = handle
        self._incoming = bytearray()
        self._outgoing = bytearray()
        self._is_open = True

    def fileno(self) -> int:
        return self._socket.fileno()

    @property
    def wants_write(self) -> bool:
        return bool(self._outgoing)

    def wait_s(self) -> float | None:
        return None

    def on_ready(self) -> None:
        if self._outgoing:
            self._flush()
        if self._is_open:
            self._receive()

    def _receive(self) -> None:
        try:
            chunk = self._socket.recv(_RECEIVE_BYTES)
        except BlockingIOError:
            return
        except OSError:
            chunk = b""
        if not chunk:
            self._close()
            return
        self._incoming += chunk
        try:
            for call, request in messages.unpack_requests(self._incoming):
                self._loop.later(lambda c=call, r=request: self._take(c, r))  # type: ignore[misc]  # binds the loop's values
        except (ValueError, msgspec.MsgspecError) as error:
            _log.error("front.unreadable", reason=str(error))
            self._close()

    def _take(self, call: int, request: messages.AnyRequest) -> None:
        self._handle(request, lambda reply: self._send(call, reply))

    def _send(self, call: int, reply: messages.Reply) -> None:
        if not self._is_open:
            return
        try:
            frame = messages.pack(call, reply)
        except StonepineError as error:
            frame = messages.pack(call, failure(error))
        self._outgoing += frame
        self._flush()

    def _flush(self) -> None:
        try:
            sent = self._socket.send(self._outgoing)
        except BlockingIOError:
            return
        except OSError:
            self._close()
            return
        del self._outgoing[:sent]

    def _close(self) -> None:
        self._is_open = False
        self._loop.remove(self)
        self._socket.close()
