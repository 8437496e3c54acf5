"""The gRPC face's way to the engine: a blocking connection per thread, one call at a time."""

import select
import socket
import threading
import time
from pathlib import Path

from dataplane.engine import messages
from dataplane.front.link import (
    RECONNECT_S,
    REPLY_S,
    TRY_S,
    ConnectionLost,
    may_be_applied,
    no_answer,
    not_reached,
    raise_failure,
)
from dataplane.front.reply_stream import ReplyStream
from kit import clock

_RETRY_PAUSE_S = 0.05
_RECEIVE_BYTES = 256 * 1024


class ThreadLink:
    """Used from any thread. Reads are asked again once when the engine went away under them."""

    def __init__(self, socket_path: Path) -> None:
        self._path = socket_path
        self._local = threading.local()

    def ask(self, request: messages.Request, *, is_write: bool) -> messages.AnyReply:
        """The reply; a failure is raised as the error it stands for."""
        try:
            return raise_failure(self._exchange(request))
        except TimeoutError:
            raise no_answer(is_write=is_write) from None
        except ConnectionLost:
            if is_write:
                raise may_be_applied() from None
        try:
            return raise_failure(self._exchange(request))
        except TimeoutError:
            raise no_answer(is_write=is_write) from None
        except ConnectionLost:
            raise not_reached() from None

    def close(self) -> None:
        """The connection of the calling thread."""
        self._drop()

    def try_once(self, request: messages.Request) -> messages.AnyReply:
        """A read that others can answer as well: it waits for no engine that is away or slow."""
        try:
            return raise_failure(self._exchange(request, patience_s=0.0, reply_s=TRY_S))
        except TimeoutError:
            raise no_answer(is_write=False) from None
        except ConnectionLost:
            raise not_reached() from None

    def _exchange(
        self,
        request: messages.Request,
        *,
        patience_s: float = RECONNECT_S,
        reply_s: float = REPLY_S,
    ) -> messages.AnyReply:
        connection = self._connected(patience_s)
        connection.settimeout(reply_s)
        is_complete = False
        try:
            connection.sendall(messages.pack(1, request))
            reply = _receive(connection)
            is_complete = True
        except TimeoutError:
            raise
        except OSError as error:
            raise ConnectionLost from error
        finally:
            # A connection on which a reply may still come is of no use to the next call.
            if not is_complete:
                self._drop()
        return reply

    def _connected(self, patience_s: float) -> socket.socket:
        connection: socket.socket | None = getattr(self._local, "connection", None)
        if connection is not None and not _is_closed(connection):
            return connection
        self._drop()
        connection = self._connect(patience_s)
        self._local.connection = connection
        return connection

    def _connect(self, patience_s: float) -> socket.socket:
        deadline = clock.monotonic_s() + patience_s
        while True:
            connection = socket.socket(socket.AF_UNIX)
            connection.settimeout(REPLY_S)
            try:
                connection.connect(str(self._path))
            except OSError:
                connection.close()
                if clock.monotonic_s() >= deadline:
                    raise not_reached() from None
                time.sleep(_RETRY_PAUSE_S)
            else:
                return connection

    def _drop(self) -> None:
        connection: socket.socket | None = getattr(self._local, "connection", None)
        self._local.connection = None
        if connection is not None:
            connection.close()


def _is_closed(connection: socket.socket) -> bool:
    # Between calls nothing is to be read; what makes it readable is the engine's end of the line.
    poll = select.poll()
    poll.register(connection, select.POLLIN)
    return bool(poll.poll(0))


def _receive(connection: socket.socket) -> messages.AnyReply:
    replies = ReplyStream()
    while True:
        chunk = connection.recv(_RECEIVE_BYTES)
        if not chunk:
            raise ConnectionLost
        for _, reply in replies.feed(chunk):
            return reply
