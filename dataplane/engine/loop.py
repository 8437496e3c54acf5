"""The engine's one thread: what is readable, what is due, and the requests in order of arrival."""

import selectors
import signal
import socket
from collections.abc import Callable, Hashable
from types import FrameType
from typing import Protocol

from dataplane.engine.turns import Turns
from kit import clock

# How long requests are answered before sockets and the log are looked at again.
_TURN_S = 0.002
_READ, _WRITE = selectors.EVENT_READ, selectors.EVENT_WRITE


class Source(Protocol):
    """Something with a socket of its own; the number may change and is -1 while there is none."""

    def fileno(self) -> int: ...

    @property
    def wants_write(self) -> bool: ...

    def wait_s(self) -> float | None:
        """Seconds until `on_ready` wants to be called even if nothing is ready; None: never."""

    def on_ready(self) -> None:
        """Raises nothing; called more often than needed."""


class Loop:
    """Runs until `stop` or a signal. Work put in by `later` is done in its order for each whom it
    is for, and these take turns."""

    def __init__(self) -> None:
        # poll, not epoll: a source may close its socket and open another one with the same
        # number, which epoll would go on believing to be the closed one.
        self._selector = selectors.PollSelector()
        self._sources: dict[Source, tuple[int, int]] = {}
        self._work = Turns()
        self._is_stopping = False
        self._waker = _Waker()
        self.add(self._waker)

    def add(self, source: Source) -> None:
        self._sources[source] = (-1, 0)

    def remove(self, source: Source) -> None:
        number, _ = self._sources.pop(source)
        if number >= 0:
            self._selector.unregister(number)

    def later(self, whom: Hashable, work: Callable[[], None]) -> None:
        self._work.add(whom, work)

    @property
    def has_work(self) -> bool:
        return bool(self._work)

    def stop_on_signals(self) -> None:
        self._waker.listen_to_signals()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)

    def run(self) -> None:
        """Until a signal asks to stop."""
        while not self._is_stopping:
            self.turn()

    def run_until(self, is_done: Callable[[], bool], *, timeout_s: float) -> None:
        deadline = clock.monotonic_s() + timeout_s
        while not is_done() and clock.monotonic_s() < deadline:
            self.turn(longest_s=0.05)

    def turn(self, *, longest_s: float = 60.0) -> None:
        """Wait for something to happen, then do what there is to do for a short while."""
        self._register()
        for key, _ in self._selector.select(self._wait_s(longest_s)):
            source: Source = key.data
            if source in self._sources:
                source.on_ready()
        for source in list(self._sources):
            if source in self._sources and source.wait_s() == 0.0:
                source.on_ready()
        deadline = clock.monotonic_s() + _TURN_S
        while self._work and clock.monotonic_s() < deadline:
            self._work.take()()

    def _register(self) -> None:
        for source, known in self._sources.items():
            wanted = (source.fileno(), _READ | _WRITE if source.wants_write else _READ)
            if wanted == known:
                continue
            if known[0] >= 0:
                self._selector.unregister(known[0])
            if wanted[0] >= 0:
                self._selector.register(wanted[0], wanted[1], source)
            self._sources[source] = wanted

    def _wait_s(self, longest_s: float) -> float:
        if self._work:
            return 0.0
        waits = (source.wait_s() for source in self._sources)
        return min((wait for wait in waits if wait is not None), default=longest_s)

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self._is_stopping = True


class _Waker:
    """Makes a signal end the wait of the selector."""

    wants_write = False

    def __init__(self) -> None:
        self._receiver, self._sender = socket.socketpair()
        self._receiver.settimeout(0)
        self._sender.settimeout(0)

    def listen_to_signals(self) -> None:
        signal.set_wakeup_fd(self._sender.fileno(), warn_on_full_buffer=False)

    def fileno(self) -> int:
        return self._receiver.fileno()

    def wait_s(self) -> float | None:
        return None

    def on_ready(self) -> None:
        self._receiver.recv(64)
