"""Carrying what was metered to PostgreSQL, every few seconds, on a thread and connection apart."""

import threading
from datetime import date
from uuid import UUID

import structlog

from dataplane.engine import messages
from dataplane.front.allowances import Allowances
from dataplane.front.meter import Meter
from dataplane.front.thread_link import ThreadLink
from kit import clock
from kit.errors import StonepineError
from kit.ids import new_id
from storage import usage
from storage.database import Connection, connect
from storage.usage import Report

_NO_INDEX = UUID(int=0)
_STATEMENT_TIMEOUT = "10s"

_log = structlog.get_logger()


class Reporter:
    """Also keeps `allowances` up to date. Requests never wait for it.

    A killed process loses what it counted since its last report. A report that could not be
    brought is kept, number and all, and comes before the next one.
    """

    def __init__(
        self, url: str, link: ThreadLink, *, meter: Meter, allowances: Allowances, every_s: float
    ) -> None:
        self._url = url
        self._meter = meter
        self._allowances = allowances
        self._link = link
        self._every_s = every_s
        self._id = new_id()
        self._number = 0
        self._undelivered: Report | None = None
        # What PostgreSQL is known to have been told, and of which day.
        self._told: dict[UUID, int] = {}
        self._told_on: date | None = None
        self._connection: Connection | None = None
        self._is_stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="usage", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Report what is left, and end the thread."""
        self._is_stopping.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._is_stopping.wait(self._every_s):
            self._round(self._stored())
        self._round({})
        if self._undelivered is not None:
            _log.warning("usage.lost", places=len(self._undelivered.tallies))
        self._drop()

    def _round(self, stored: dict[UUID, int]) -> None:
        try:
            if self._undelivered is not None:
                self._deliver(self._undelivered)
            report = self._next_report(stored)
            if report is not None:
                self._deliver(report)
            self._allowances.refresh(self._connected())
        except StonepineError as error:
            _log.warning("usage.not_reported", reason=error.message)
            self._drop()
        except Exception:  # noqa: BLE001 - the thread has to go on; we get the traceback
            _log.exception("usage.not_reported")
            self._drop()

    def _stored(self) -> dict[UUID, int]:
        """What open indexes hold; nothing while the engine is away."""
        try:
            reply = self._link.ask(messages.Measure(index_id=_NO_INDEX), is_write=False)
        except StonepineError:
            return {}
        return reply.bytes_by_index if isinstance(reply, messages.Sizes) else {}

    def _next_report(self, stored: dict[UUID, int]) -> Report | None:
        today = clock.now().date()
        if self._told_on != today:
            self._told, self._told_on = {}, today
        news = {key: count for key, count in stored.items() if self._told.get(key) != count}
        tallies = self._meter.take()
        if not tallies and not news:
            return None
        self._number += 1
        return Report(self._number, tallies, today, news)

    def _deliver(self, report: Report) -> None:
        self._undelivered = report
        usage.apply(self._connected(), self._id, report)
        self._undelivered = None
        if report.day == self._told_on:
            self._told.update(report.stored)

    def _connected(self) -> Connection:
        if self._connection is None:
            self._connection = connect(self._url, name="usage")
            self._connection.execute(f"SET statement_timeout = '{_STATEMENT_TIMEOUT}'")
        return self._connection

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = None
