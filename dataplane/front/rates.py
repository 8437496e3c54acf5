"""Pinecone's limits of requests a second, for organizations to which the operator gave them."""

import threading
from typing import NamedTuple

from dataplane.engine import messages
from kit import clock
from kit.errors import ResourceExhausted
from kit.ids import IndexId

# Requests a second: of one namespace, or of an index as a whole.
PER_NAMESPACE = {
    "Query": 100,
    "Upsert": 100,
    "Update": 100,
    "Delete": 100,
    "FetchByMetadata": 5,
    "Update by metadata": 5,
    "Delete by metadata": 5,
}
PER_INDEX = {"Fetch": 100, "List": 200, "DescribeIndexStats": 100}
_MOST_BUCKETS = 10_000


class _Key(NamedTuple):
    index_id: int
    namespace: str
    kind: str


class Rates:
    """A bucket for each kind of request: a second's worth at once, then as fast as it refills.

    In memory of one front, from any thread; several fronts would each allow as much.
    """

    def __init__(self) -> None:
        self._buckets: dict[_Key, tuple[float, float]] = {}
        self._lock = threading.Lock()

    def require(self, index_id: IndexId, operation: str, request: messages.Request) -> None:
        """Raise `ResourceExhausted` where a request of its kind is one too many just now."""
        kind = f"{operation} by metadata" if _is_by_metadata(request) else operation
        rate = PER_NAMESPACE.get(kind)
        where, namespace = "namespace", request.namespace
        if rate is None:
            rate, where, namespace = PER_INDEX.get(kind), "index", ""
        if rate is not None and not self._takes(_Key(index_id.int, namespace, kind), rate):
            raise ResourceExhausted(
                f"{kind} is limited to {rate} requests a second for each {where}: slow down.",
                retry_after_s=1,
            )

    def _takes(self, key: _Key, rate: int) -> bool:
        now_s = clock.monotonic_s()
        with self._lock:
            left, at_s = self._buckets.get(key, (float(rate), now_s))
            left = min(rate, left + (now_s - at_s) * rate)
            if left < 1:
                self._buckets[key] = (left, now_s)
                return False
            if key not in self._buckets and len(self._buckets) >= _MOST_BUCKETS:
                self._buckets.clear()
            self._buckets[key] = (left - 1, now_s)
            return True


def _is_by_metadata(request: messages.Request) -> bool:
    return isinstance(request, messages.Update | messages.Delete) and request.filter is not None
