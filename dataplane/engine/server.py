"""The engine's unix socket: connections of fronts, frames in, frames out."""

import socket
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Protocol

import msgspec
import structlog

from dataplane.engine import messages
from dataplane.engine.failures import failure
from dataplane.engine.loop import Loop
from kit.errors import StonepineError

_RECEIVE_BYTES = 1024 * 1024
_BACKLOG = 256
# So many queries are answered before the loop looks at its sockets again.
_MOST_TOGETHER = 16

_log = structlog.get_logger()

# Takes a request and what its reply is to be given to, once, now or later.
Answer = Callable[[messages.Reply], None]
Arrived = tuple[int, messages.AnyRequest]


class Handler(Protocol):
    """What answers the requests of all fronts."""

    def handle(self, request: messages.AnyRequest, answer: Answer) -> None: ...

    def handle_together(self, asked: Sequence[tuple[messages.Query, Answer]]) -> None:
        """Queries of one namespace, one directly after the other."""


class Listener:
    """Accepts fronts until it is closed."""

    wants_write = False

    def __init__(self, path: Path, loop: Loop, handler: Handler) -> None:
        path.unlink(missing_ok=True)
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(0)
        self._socket.bind(str(path))
        path.chmod(0o600)
        self._socket.listen(_BACKLOG)
        self._loop = loop
        self._handler = handler
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
        self._loop.add(_Front(accepted, self._loop, self._handler))

    def close(self) -> None:
        self._loop.remove(self)
        self._socket.close()


class _Front:
    """One connection of a front."""

    def __init__(self, connection: socket.socket, loop: Loop, handler: Handler) -> None:
        connection.settimeout(0)
        self._socket = connection
        self._loop = loop
        self._handler = handler
        self._incoming = bytearray()
        self._outgoing = bytearray()
        self._is_open = True
        self._is_gathering = False

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
            for group in _grouped(messages.unpack_requests(self._incoming)):
                self._loop.later(group[0][1].index_id, partial(self._take, group))
        except (ValueError, msgspec.MsgspecError) as error:
            _log.error("front.unreadable", reason=str(error))
            self._close()

    def _take(self, arrived: list[Arrived]) -> None:
        if len(arrived) == 1:
            call, request = arrived[0]
            self._handler.handle(request, self._answer(call))
            return
        queries = [
            (request, self._answer(call))
            for call, request in arrived
            if isinstance(request, messages.Query)
        ]
        # Their replies are sent together as well.
        self._is_gathering = True
        self._handler.handle_together(queries)
        self._is_gathering = False
        if self._is_open:
            self._flush()

    def _answer(self, call: int) -> Answer:
        return lambda reply: self._send(call, reply)

    def _send(self, call: int, reply: messages.Reply) -> None:
        if not self._is_open:
            return
        try:
            frame = messages.pack(call, reply)
        except StonepineError as error:
            frame = messages.pack(call, failure(error))
        self._outgoing += frame
        if not self._is_gathering:
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


def _grouped(arrived: Iterable[Arrived]) -> Iterator[list[Arrived]]:
    """In their order; neighbours that are queries of the same namespace are put together."""
    group: list[Arrived] = []
    for call, request in arrived:
        if group and not (len(group) < _MOST_TOGETHER and _go_together(group[0][1], request)):
            yield group
            group = []
        group.append((call, request))
    if group:
        yield group


def _go_together(one: messages.AnyRequest, other: messages.AnyRequest) -> bool:
    return (
        isinstance(one, messages.Query)
        and isinstance(other, messages.Query)
        and (one.index_id, one.namespace) == (other.index_id, other.namespace)
    )
