"""The live records of an index, kept up with its writes: only what was touched is added up."""

from collections.abc import Iterable
from uuid import UUID

from dataplane.engine.open_index import OpenIndex, OpenNamespace
from kit import clock
from storage.activity import Held

# The engine's one thread answers nobody meanwhile; what is left over is measured the next time.
_BUDGET_S = 0.005


def measure(indexes: Iterable[OpenIndex]) -> dict[UUID, Held]:
    """The live records of each index all of whose namespaces are measured by now."""
    deadline = clock.monotonic_s() + _BUDGET_S
    found = {}
    for index in indexes:
        while index.touched and clock.monotonic_s() < deadline:
            remeasure(index, index.touched.pop())
        if not index.touched:
            found[index.index_id] = Held(index.measured_bytes, index.measured_records)
    return found


def remeasure(index: OpenIndex, space: OpenNamespace) -> None:
    before, space.measured_bytes = space.measured_bytes, space.memory.live_bytes
    index.measured_bytes += space.measured_bytes - before
    counted, space.measured_records = space.measured_records, space.memory.record_count
    index.measured_records += space.measured_records - counted
