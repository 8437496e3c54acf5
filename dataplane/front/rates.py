"""Limits of what is taken a second, for organizations to which the operator gave some."""

import math
import threading
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from dataplane.engine import messages
from dataplane.engine.units import upsert_bytes
from kit import clock
from kit.errors import ResourceExhausted
from kit.ids import IndexId
from storage.rate_limits import OF_INDEX, RateLimit

_COUNTED = {
    "Query": RateLimit.QUERIES,
    "Upsert": RateLimit.UPSERTS,
    "Update": RateLimit.UPDATES,
    "Delete": RateLimit.DELETES,
    "FetchByMetadata": RateLimit.FETCHES_BY_METADATA,
    "Fetch": RateLimit.FETCHES,
    "List": RateLimit.LISTS,
    "DescribeIndexStats": RateLimit.STATISTICS,
}
_BY_METADATA = {
    "Update": RateLimit.UPDATES_BY_METADATA,
    "Delete": RateLimit.DELETES_BY_METADATA,
}
_MOST_BUCKETS = 10_000

Limits = Mapping[RateLimit, int]


class _Key(NamedTuple):
    index_id: int
    namespace: str
    limit: RateLimit


class Rates:
    """A bucket for each limit: a second's worth at once, then as fast as it refills.

    What only the answer tells (read units, records that a filter reached) is taken afterwards, and
    owed. In memory of one front, from any thread; several fronts would each allow as much.
    """

    def __init__(self) -> None:
        self._buckets: dict[_Key, tuple[float, float]] = {}
        self._lock = threading.Lock()

    def require(
        self, limits: Limits, index_id: IndexId, operation: str, request: messages.Request
    ) -> None:
        """Raise `ResourceExhausted` where the request is too much just now."""
        wanted = [
            (_key(index_id, request, limit), limits[limit], cost)
            for limit, cost in _costs(operation, request)
            if limit in limits
        ]
        now_s = clock.monotonic_s()
        with self._lock:
            for key, rate, cost in wanted:
                # One that is larger than a second's worth is taken once the bucket is full.
                missing = min(cost, rate) - self._left(key, rate, now_s)
                if missing > 0:
                    raise _too_fast(key.limit, rate, retry_after_s=math.ceil(missing / rate))
            for key, rate, cost in wanted:
                self._take(key, rate, cost, now_s)

    def charge(
        self, limits: Limits, index_id: IndexId, request: messages.Request, reply: messages.Reply
    ) -> None:
        """Take what the answer has cost."""
        now_s = clock.monotonic_s()
        for limit, cost in _known_afterwards(request, reply):
            if limit in limits and cost:
                with self._lock:
                    self._take(_key(index_id, request, limit), limits[limit], cost, now_s)

    def _left(self, key: _Key, rate: int, now_s: float) -> float:
        left, at_s = self._buckets.get(key, (float(rate), now_s))
        return min(rate, left + (now_s - at_s) * rate)

    def _take(self, key: _Key, rate: int, cost: int, now_s: float) -> None:
        left = self._left(key, rate, now_s)
        if key not in self._buckets and len(self._buckets) >= _MOST_BUCKETS:
            self._buckets.clear()
        self._buckets[key] = (left - cost, now_s)


def _key(index_id: IndexId, request: messages.Request, limit: RateLimit) -> _Key:
    return _Key(index_id.int, "" if limit in OF_INDEX else request.namespace, limit)


def _costs(operation: str, request: messages.Request) -> Iterator[tuple[RateLimit, int]]:
    """What is known before the request is carried out. 0: any room at all is enough."""
    is_by_metadata = _is_by_metadata(request)
    counted = (_BY_METADATA if is_by_metadata else _COUNTED).get(operation)
    if counted is not None:
        yield counted, 1
    if isinstance(request, messages.Upsert):
        yield RateLimit.UPSERTED_BYTES, upsert_bytes(request)
    elif isinstance(request, messages.Delete) and not request.is_all:
        yield RateLimit.DELETED_RECORDS, len(request.ids)
    elif isinstance(request, messages.Query):
        yield RateLimit.QUERY_READ_UNITS, 0


def _known_afterwards(
    request: messages.Request, reply: messages.Reply
) -> Iterator[tuple[RateLimit, int]]:
    if isinstance(reply, messages.Matches):
        yield RateLimit.QUERY_READ_UNITS, reply.read_units
    elif isinstance(reply, messages.Written) and _is_delete_by_filter(request):
        yield RateLimit.DELETED_RECORDS, reply.count


def _is_by_metadata(request: messages.Request) -> bool:
    return isinstance(request, messages.Update | messages.Delete) and request.filter is not None


def _is_delete_by_filter(request: messages.Request) -> bool:
    return isinstance(request, messages.Delete) and request.filter is not None


def _too_fast(limit: RateLimit, rate: int, *, retry_after_s: int) -> ResourceExhausted:
    where = "index" if limit in OF_INDEX else "namespace"
    what = limit.replace("-", " ")
    return ResourceExhausted(
        f"Each {where} is limited to {rate:,} {what} a second: slow down.",
        retry_after_s=retry_after_s,
    )
