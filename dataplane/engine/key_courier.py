"""Asking key providers beside the thread that serves, and noticing what they open no more."""

import contextlib
import socket
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

from keyring.layered import KeyPending, LayeredKeyring
from kit import clock

# Each waits for a provider some seconds at most: enough that slow ones do not keep others waiting.
_THREADS = 32
_LOOK_EVERY_S = 1.0
# Between two attempts to ask a provider again while what it opened is still believed.
_ASK_AGAIN_S = 15.0

Wrapped = tuple[UUID, bytes]


class KeyCourier:
    """A source of the loop. What waits for a key goes on in the loop's thread."""

    wants_write = False

    def __init__(self, keyring: LayeredKeyring, *, cache_s: float) -> None:
        self._keyring = keyring
        self._refresh_s = cache_s / 2
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="keys")
        self._receiver, self._sender = socket.socketpair()
        self._receiver.settimeout(0)
        self._sender.settimeout(0)
        self._waiting: dict[bytes, list[Callable[[], None]]] = {}
        self._arrived: deque[bytes] = deque()
        self._asked_at_s: dict[bytes, float] = {}
        self._look_at_s = 0.0
        self._look: Callable[[], None] = lambda: None

    def every_second(self, look: Callable[[], None]) -> None:
        """Call that: the engine looks over the keys of its indexes."""
        self._look = look

    def fetch(self, pending: KeyPending, then: Callable[[], None]) -> None:
        """Ask for it, and call `then` when it has come, or was refused."""
        self._ask((pending.project_id, pending.wrapped)).append(then)

    def is_open(self, wrapped: Iterable[Wrapped]) -> bool:
        """Whether all of them may be used still. Those that were opened long ago are asked for."""
        now = clock.monotonic_s()
        for one in wrapped:
            age_s = self._keyring.age_s(one[1])
            if age_s == float("inf"):
                return False
            last_s = self._asked_at_s.get(one[1], float("-inf"))
            if age_s > self._refresh_s and now - last_s > min(_ASK_AGAIN_S, self._refresh_s):
                self._ask(one)
        return True

    def fileno(self) -> int:
        return self._receiver.fileno()

    def wait_s(self) -> float | None:
        return max(0.0, self._look_at_s - clock.monotonic_s())

    def on_ready(self) -> None:
        self._drain()
        while self._arrived:
            for then in self._waiting.pop(self._arrived.popleft(), []):
                then()
        if clock.monotonic_s() >= self._look_at_s:
            self._look_at_s = clock.monotonic_s() + _LOOK_EVERY_S
            self._look()

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._receiver.close()
        self._sender.close()

    def _ask(self, one: Wrapped) -> list[Callable[[], None]]:
        """Who waits for it, to be added to; it is asked for once for all of them."""
        project_id, wrapped = one
        if wrapped not in self._waiting:
            now = clock.monotonic_s()
            recent = {key: at for key, at in self._asked_at_s.items() if now - at < _ASK_AGAIN_S}
            self._asked_at_s = recent | {wrapped: now}
            self._waiting[wrapped] = []
            self._threads.submit(self._fetch, project_id, wrapped)
        return self._waiting[wrapped]

    def _fetch(self, project_id: UUID, wrapped: bytes) -> None:
        self._keyring.fetch(project_id, wrapped)
        self._arrived.append(wrapped)
        # Where it would block there are wake-ups enough on their way.
        with contextlib.suppress(BlockingIOError):
            self._sender.send(b"\0")

    def _drain(self) -> None:
        with contextlib.suppress(BlockingIOError):
            self._receiver.recv(4096)
