"""Refused acts of administration, written to the audit log before the caller is answered."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import psycopg
import structlog

from dataplane.front.refusal_bound import RefusalBound, TooManyRefusals
from kit.errors import StonepineError, Unavailable
from storage.database import Connection, connect
from storage.events import DataPlaneEvent, record_alone

_log = structlog.get_logger()


class EventLog:
    """One blocking connection of its own, for any thread: nobody's key has to wait for an event.

    An event that cannot be written is logged and does not hide the refusal: nothing was done.
    A key that is refused over and over gets `TooManyRefusals` in place of its refusal.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._lock = threading.Lock()
        self._connection: Connection | None = None
        self._bound = RefusalBound()
        # One thread: whoever is refused again and again takes up none that look up keys.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="events")

    def record(self, event: DataPlaneEvent | None) -> None:
        if event is None:
            return
        try:
            self._bound.require_room(event.origin.principal)
        except TooManyRefusals as noise:
            if noise.is_first:
                self._keep(
                    replace(
                        event, outcome="failure", reason=noise.message, error_code=str(noise.code)
                    )
                )
            raise
        self._keep(event)

    async def record_async(self, event: DataPlaneEvent | None) -> None:
        if event is not None:
            await asyncio.get_running_loop().run_in_executor(self._thread, self.record, event)

    def _keep(self, event: DataPlaneEvent) -> None:
        try:
            with self._lock:
                self._write(event)
        except (StonepineError, psycopg.Error):
            _log.exception("refusal_not_recorded", action=event.action)

    def _write(self, event: DataPlaneEvent) -> None:
        if self._connection is not None:
            try:
                record_alone(self._connection, event)
            except Unavailable:
                # Most likely the server was restarted since: once more on a new connection.
                self._connection.close()
                self._connection = None
            else:
                return
        self._connection = connect(self._url, name="front events")
        record_alone(self._connection, event)
