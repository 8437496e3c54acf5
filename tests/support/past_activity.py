"""Requests of the past, planted as nodes would report them."""

import math
from datetime import datetime, timedelta

from indexes.metrics.ranges import Range
from indexes.models import Index
from kit import clock
from kit.histograms import bucket
from kit.ids import new_id
from storage import usage
from storage.activity import Activity, Held, Subject
from storage.database import Connection
from storage.usage import Report


class PastActivity:
    """`asked(index, at, "Query", took_ms=[3, 4], errors={…}, held=…)`: one report of a node."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def asked(
        self,
        index: Index,
        at: datetime,
        operation: str = "Query",
        *,
        took_ms: list[float],
        errors: dict[str, int] | None = None,
        held: Held | None = None,
    ) -> None:
        activity = Activity(len(took_ms), int(sum(took_ms) * 1000), errors=dict(errors or {}))
        activity.requests += sum(activity.errors.values())
        for took in took_ms:
            number = bucket(took * 1000)
            activity.histogram[number] = activity.histogram.get(number, 0) + 1
        subject = Subject(index.organization_id, index.pk, operation)
        sizes = {} if held is None else {index.pk: held}
        report = Report(1, {}, at.date(), sizes, {subject: activity}, at)
        usage.apply(self._connection, new_id(), report)

    def day(self, index: Index) -> None:
        """The last day: queries in waves, an upsert now and then, few errors, growing records."""
        for n, start in enumerate(Range.DAY.window(clock.now()).starts):
            at = start + timedelta(seconds=1)
            wave = 12 + int(10 * math.sin(n / 9))
            took = [2.0 + n % 5 + 30 * (k % 17 == 0) for k in range(wave)]
            errors = {"INVALID_ARGUMENT": 2} if n % 13 == 0 else {}
            held = Held(9_000_000 + n * 70_000, 3 * n)
            self.asked(index, at, took_ms=took, errors=errors, held=held)
            if n % 3 == 0:
                self.asked(index, at, "Upsert", took_ms=[8.0, 9.5, 30.0])
