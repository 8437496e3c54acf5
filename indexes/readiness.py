"""Waiting, within a request, for an index to become ready; few at a time, holding no connection."""

import threading
from collections import defaultdict
from uuid import UUID

import psycopg
import structlog
from django.db import connections

from indexes.deployment.notices import CHANNEL
from indexes.models import Index, IndexState
from indexes.queries import state_of
from kit import clock
from kit.environment import environment
from kit.errors import Unavailable
from storage.database import connect

# Below the number of the web process's threads: whoever comes beyond is answered at once, so that
# waiting requests never use up what other requests need.
MAX_WAITING = 40
# Notifications are the quick way; looking now and then is the sure one.
_LOOK_EVERY_S = 1.0
_RECONNECT_AFTER_S = 1.0
_log = structlog.get_logger(__name__)


class StateNotices:
    """One thread per process that listens to state changes and wakes who waits for that index."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiters: dict[UUID, set[threading.Event]] = defaultdict(set)
        self._thread: threading.Thread | None = None

    def watch(self, index_id: UUID) -> threading.Event:
        """An event that is set with the next change; give it back with `unwatch`."""
        event = threading.Event()
        with self._lock:
            self._waiters[index_id].add(event)
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(
                    target=self._listen, name="index-state-notices", daemon=True
                )
                self._thread.start()
        return event

    def unwatch(self, index_id: UUID, event: threading.Event) -> None:
        with self._lock:
            self._waiters[index_id].discard(event)
            if not self._waiters[index_id]:
                del self._waiters[index_id]

    def _listen(self) -> None:
        """Listen as long as the database is there, or somebody waits for it to come back."""
        pause = threading.Event()
        while True:
            try:
                self._wake_until_disconnected()
            except (psycopg.OperationalError, Unavailable):
                _log.warning("state_notices_disconnected")
            with self._lock:
                if not self._waiters:
                    self._thread = None
                    return
            pause.wait(_RECONNECT_AFTER_S)

    def _wake_until_disconnected(self) -> None:
        url = environment().database_url.get_secret_value()
        with connect(url, name="state notices") as connection:
            connection.execute(f"LISTEN {CHANNEL}")
            for notice in connection.notifies():
                with self._lock:
                    waiting = list(self._waiters.get(UUID(notice.payload), ()))
                for event in waiting:
                    event.set()


_notices = StateNotices()
_places = threading.BoundedSemaphore(MAX_WAITING)


def wait_until_ready(index: Index, *, timeout_s: float | None = None) -> Index:
    """The index as it is when it became ready, failed, or the time was over.

    The thread's database connections go back to the pool meanwhile, so call it outside any
    transaction.
    """
    timeout_s = environment().create_wait_s if timeout_s is None else timeout_s
    if timeout_s <= 0 or not _places.acquire(blocking=False):
        return state_of(index) or index
    event = _notices.watch(index.pk)
    try:
        return _wait(index, event, deadline=clock.monotonic_s() + timeout_s)
    finally:
        _notices.unwatch(index.pk, event)
        _places.release()


def _wait(index: Index, event: threading.Event, *, deadline: float) -> Index:
    while True:
        event.clear()
        index = state_of(index) or index
        left_s = deadline - clock.monotonic_s()
        if index.state != IndexState.INITIALIZING or left_s <= 0:
            return index
        for connection in connections.all(initialized_only=True):
            connection.close()
        event.wait(min(left_s, _LOOK_EVERY_S))
