"""Hearing of the control plane's changes within a second, by notice and by a second way."""

import threading
from collections.abc import Callable

import structlog

from kit import clock
from kit.errors import StonepineError
from storage import catalog
from storage.database import Connection, connect, translated_errors

_log = structlog.get_logger()

CHANNEL = "stonepine_access"
_POLL_S = 0.5
_RETRY_S = 0.2


class AccessWatch:
    """A thread that calls `on_change` whenever cached access data may be out of date.

    PostgreSQL's notice wakes it at once; besides it reads the version every half second, so that
    a lost notice costs no more than that. `on_change` runs in the thread, at every change and
    after every (re)connection, and must not raise.

    `beat` is told each version after that, whether it changed or not. Where there is one, nothing
    counts as heard before it has returned true, so that others know until when we were heard.
    """

    def __init__(
        self,
        url: str,
        on_change: Callable[[], None],
        *,
        beat: Callable[[Connection, int], bool] | None = None,
    ) -> None:
        self._url = url
        self._on_change = on_change
        self._beat = beat
        self._heard_at: float | None = None
        self._version: int | None = None
        self._has_heard = threading.Event()
        self._is_stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="access-watch", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def wait_until_heard(self, *, timeout_s: float) -> bool:
        """Whether the control plane was heard for the first time within that time."""
        return self._has_heard.wait(timeout_s)

    def stop(self) -> None:
        """End the thread; returns when it has ended, within about a second."""
        self._is_stopping.set()
        self._thread.join()

    def seconds_since_heard(self) -> float:
        """Since the control plane's version was last read; infinite before the first time."""
        if self._heard_at is None:
            return float("inf")
        return clock.monotonic_s() - self._heard_at

    def _run(self) -> None:
        while not self._is_stopping.is_set():
            try:
                with connect(self._url, name="access watch") as connection:
                    self._watch(connection)
            except StonepineError as error:
                _log.warning("access_watch.lost", reason=error.message)
                self._is_stopping.wait(_RETRY_S)

    def _watch(self, connection: Connection) -> None:
        with translated_errors():
            connection.execute(f"LISTEN {CHANNEL}")
        self._version = None
        while not self._is_stopping.is_set():
            self._look(connection)
            with translated_errors():
                for _ in connection.notifies(timeout=_POLL_S, stop_after=1):
                    pass

    def _look(self, connection: Connection) -> None:
        asked_at = clock.monotonic_s()
        version = catalog.version(connection)
        if version != self._version:
            self._version = version
            self._on_change()
        if self._beat is not None and not self._beat(connection, version):
            return
        self._heard_at = asked_at
        self._has_heard.set()
