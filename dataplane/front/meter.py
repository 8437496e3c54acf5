"""Counting what was answered: units and requests per index and day, until they are reported."""

import threading

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
        self._lock = threading.Lock()

    def count(
        self, index: IndexRow, operation: str, request: messages.Request, reply: messages.Reply
    ) -> None:
        """One operation, by its name, that the engine has answered."""
        reads, writes = read_units(request, reply), write_units(request, reply)
        place = Place(index.org_id, index.project_id, index.index_id, clock.now().date())
        with self._lock:
            tally = self._tallies.get(place)
            if tally is None:
                tally = self._tallies[place] = Tally(index.name)
            tally.counts["read_units"] += reads
            tally.counts["write_units"] += writes
            tally.counts[_COUNTERS.get(operation, "others")] += 1

    def take(self) -> dict[Place, Tally]:
        """What was counted since it was last taken."""
        with self._lock:
            taken, self._tallies = self._tallies, {}
        return taken
