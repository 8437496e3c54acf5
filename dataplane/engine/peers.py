"""Lines to the other engines of this machine: requests out, replies in, both in order."""

import socket
from collections import deque
from collections.abc import Callable
from pathlib import Path

import msgspec
import structlog

from dataplane.engine import messages

_RECEIVE_BYTES = 256 * 1024
# A peer that takes nothing any more is given up: what it missed it finds in the log.
_MOST_OUTGOING_BYTES = 64 * 1024 * 1024

_log = structlog.get_logger()

# Gets the reply, or None where the line was lost before it came.
Then = Callable[[messages.AnyReply | None], None]


class Peer:
    """A source of the loop. The line is made by `connect`, and anew after a loss.

    `on_lost` is called after a loss, when every request that was open has got its None.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.on_lost: Callable[[], None] = lambda: None
        self._socket: socket.socket | None = None
        self._outgoing = bytearray()
        self._incoming = bytearray()
        self._waiting: deque[Then] = deque()

    def fileno(self) -> int:
        return -1 if self._socket is None else self._socket.fileno()

    @property
    def wants_write(self) -> bool:
        return bool(self._outgoing)

    def wait_s(self) -> float | None:
        return None

    def connect(self) -> bool:
        """Whether there is a line. False tells that no process listens: nobody serves there.

        Raises `BlockingIOError` where the peer lives and takes no more connections now.
        """
        if self._socket is not None:
            return True
        line = socket.socket(socket.AF_UNIX)
        line.settimeout(0)
        try:
            line.connect(str(self._path))
        except (ConnectionRefusedError, FileNotFoundError):
            line.close()
            return False
        except OSError:
            line.close()
            raise BlockingIOError from None
        self._socket = line
        return True

    def ask(self, request: messages.Request, then: Then) -> None:
        """Replies come in the order of the requests. Where there is no line, `then` gets None."""
        if self._socket is None or len(self._outgoing) > _MOST_OUTGOING_BYTES:
            self._lose()
            then(None)
            return
        self._outgoing += messages.pack(0, request)
        self._waiting.append(then)
        self._flush()

    def on_ready(self) -> None:
        if self._outgoing:
            self._flush()
        if self._socket is not None:
            self._receive(self._socket)

    def _flush(self) -> None:
        if self._socket is None:
            return
        try:
            sent = self._socket.send(self._outgoing)
        except BlockingIOError:
            return
        except OSError:
            self._lose()
            return
        del self._outgoing[:sent]

    def _receive(self, line: socket.socket) -> None:
        try:
            chunk = line.recv(_RECEIVE_BYTES)
        except BlockingIOError:
            return
        except OSError:
            chunk = b""
        if not chunk:
            self._lose()
            return
        self._incoming += chunk
        try:
            replies = messages.unpack_replies(self._incoming)
        except (ValueError, msgspec.MsgspecError) as error:
            _log.error("peer.unreadable", reason=str(error))
            self._lose()
            return
        for reply in replies:
            self._waiting.popleft()(reply)

    def _lose(self) -> None:
        if self._socket is None:
            return
        self._socket.close()
        self._socket = None
        self._outgoing.clear()
        self._incoming.clear()
        lost, self._waiting = self._waiting, deque()
        for then in lost:
            then(None)
        self.on_lost()
