"""Carrying what was metered to PostgreSQL, every few seconds, on a thread and connection apart."""

from contextlib import suppress
from datetime import date
from uuid import UUID

import structlog

from dataplane.engine import messages
from dataplane.front.allowances import Allowances
from dataplane.front.engines import ThreadEngines
from dataplane.front.meter import Meter
from dataplane.front.rounds import Rounds
from dataplane.front.stopwatch import Stopwatch
from kit import clock
from kit.errors import StonepineError
from kit.ids import new_id
from storage import usage
from storage.activity import Held
from storage.usage import Report

_NO_INDEX = UUID(int=0)

_log = structlog.get_logger()


class Reporter(Rounds):
    """Also keeps `allowances` up to date.

    A killed process loses what it counted since its last report. A report that could not be
    brought is kept, number and all, and comes before the next one.
    """

    def __init__(
        self,
        url: str,
        engines: ThreadEngines,
        *,
        meter: Meter,
        stopwatch: Stopwatch,
        allowances: Allowances,
        every_s: float,
    ) -> None:
        super().__init__(url, name="usage", every_s=every_s)
        self._meter = meter
        self._stopwatch = stopwatch
        self._allowances = allowances
        self._engines = engines
        self._id = new_id()
        self._number = 0
        self._undelivered: Report | None = None
        # What PostgreSQL is known to have been told, and of which day.
        self._told: dict[UUID, Held] = {}
        self._told_on: date | None = None

    def stop(self) -> None:
        """Report what is left, and end the thread."""
        super().stop()
        if self._undelivered is not None:
            _log.warning("usage.lost", places=len(self._undelivered.tallies))

    def _round(self, *, is_last: bool) -> None:
        # The engine may be gone already when the front stops.
        stored = {} if is_last else self._stored()
        if self._undelivered is not None:
            self._deliver(self._undelivered)
        report = self._next_report(stored)
        if report is not None:
            self._deliver(report)
        self._allowances.refresh(self._connected())

    def _stored(self) -> dict[UUID, Held]:
        """What open indexes hold; nothing of engines that are away."""
        found: dict[UUID, Held] = {}
        for link in self._engines.links:
            with suppress(StonepineError):
                reply = link.ask(messages.Measure(index_id=_NO_INDEX), is_write=False)
                if isinstance(reply, messages.Sizes):
                    found |= reply.held_by_index
        return found

    def _next_report(self, stored: dict[UUID, Held]) -> Report | None:
        now = clock.now()
        today = now.date()
        if self._told_on != today:
            self._told, self._told_on = {}, today
        news = {key: held for key, held in stored.items() if self._told.get(key) != held}
        tallies, activities = self._meter.take(), self._stopwatch.take()
        if not (tallies or activities or news):
            return None
        self._number += 1
        return Report(self._number, tallies, today, news, activities, now)

    def _deliver(self, report: Report) -> None:
        self._undelivered = report
        usage.apply(self._connected(), self._id, report)
        self._undelivered = None
        if report.day == self._told_on:
            self._told.update(report.stored)
