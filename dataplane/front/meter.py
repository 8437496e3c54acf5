"""Counting what was answered: units and requests per index and day, until they are reported."""

import threading
from datetime import UTC, datetime, time, timedelta

from dataplane.engine import messages
from dataplane.engine.units import read_units, write_units
from kit import clock
from storage.catalog import IndexRow
from storage.usage import Place, Tally

_COUNTERS = {
    "Upsert": "upserts",
    "Query": "queries",
    "Fetch": "fetches",
    "FetchByMetadata": "fetches",
    "List": "lists",
    "Update": "updates",
    "Delete": "deletes",
}


class Meter:
    """In memory, from any thread. What is not answered, or answered by a refusal, is free."""

    def __init__(self) -> None:
        self._tallies: dict[Place, Tally] = {}
        # The short way to the tallies of the day that ends at `_midnight`.
        self._today: dict[int, Tally] = {}
        self._midnight = datetime.min.replace(tzinfo=UTC)
        self._lock = threading.Lock()

    def count(
        self, index: IndexRow, operation: str, request: messages.Request, reply: messages.Reply
    ) -> None:
        """One operation, by its name, that the engine has answered."""
        reads, writes = read_units(request, reply), write_units(request, reply)
        now = clock.now()
        with self._lock:
            if now >= self._midnight:
                self._begin_day(now)
            tally = self._today.get(index.index_id.int) or self._new_tally(index, now)
            tally.counts["read_units"] += reads
            tally.counts["write_units"] += writes
            tally.counts[_COUNTERS.get(operation, "others")] += 1

    def take(self) -> dict[Place, Tally]:
        """What was counted since it was last taken."""
        with self._lock:
            taken, self._tallies, self._today = self._tallies, {}, {}
        return taken

    def _begin_day(self, now: datetime) -> None:
        self._today = {}
        self._midnight = datetime.combine(now.date() + timedelta(days=1), time(), UTC)

    def _new_tally(self, index: IndexRow, now: datetime) -> Tally:
        place = Place(index.org_id, index.project_id, index.index_id, now.date())
        tally = self._tallies.setdefault(place, Tally(index.name))
        self._today[index.index_id.int] = tally
        return tally
