"""Lines to the other engines of this machine: requests out in order, replies in as they come."""

import socket
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
        self._waiting: dict[int, Then] = {}
        self._last_call = 0

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
        """Requests for one index are carried out in their order. Where there is no line, `then`
        gets None."""
        if self._socket is None or len(self._outgoing) > _MOST_OUTGOING_BYTES:
            self._lose()
            then(None)
            return
        self._last_call += 1
        self._outgoing += messages.pack(self._last_call, request)
        self._waiting[self._last_call] = then
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
        for call, reply in replies:
            then = self._waiting.pop(call, None)
            if then is not None:
                then(reply)

    def _lose(self) -> None:
        if self._socket is None:
            return
        self._socket.close()
        self._socket = None
        self._outgoing.clear()
        self._incoming.clear()
        lost, self._waiting = self._waiting, {}
        for then in lost.values():
            then(None)
        self.on_lost()
