"""What was learnt of the control plane and may be believed until it says that something changed."""

import math
import threading
from collections.abc import Callable
from typing import Generic, NamedTuple, TypeVar

from kit import clock

_NEGATIVE_TTL_S = 5.0
_SIZE = 10_000
_MOST_ABSENT = 1_000

T = TypeVar("T")


class Entry(NamedTuple, Generic[T]):
    """`value` is None where there is no such thing: that is known only for a short while."""

    value: T | None
    until_s: float


class Cache(Generic[T]):
    """Bounded; safe from any thread. What was loaded across a `clear` is not kept."""

    def __init__(self, ttl_s: float = math.inf) -> None:
        self._ttl_s = ttl_s
        self._entries: dict[bytes, Entry[T]] = {}
        # Apart, so that strangers who try names push out nothing that is there.
        self._absent: dict[bytes, Entry[T]] = {}
        self._lock = threading.Lock()
        self._generation = 0

    def get(self, key: bytes) -> Entry[T] | None:
        entry = self._entries.get(key) or self._absent.get(key)
        if entry is None or entry.until_s < clock.monotonic_s():
            return None
        return entry

    def get_or_load(self, key: bytes, load: Callable[[], T | None]) -> T | None:
        entry = self.get(key)
        if entry is not None:
            return entry.value
        generation = self._generation
        value = load()
        with self._lock:
            if generation == self._generation:
                self._put(key, value)
        return value

    def clear(self) -> None:
        with self._lock:
            self._generation += 1
            self._entries.clear()
            self._absent.clear()

    def _put(self, key: bytes, value: T | None) -> None:
        entries, size, ttl_s = self._entries, _SIZE, self._ttl_s
        if value is None:
            entries, size, ttl_s = self._absent, _MOST_ABSENT, _NEGATIVE_TTL_S
        while len(entries) >= size:
            del entries[next(iter(entries))]
        entries[key] = Entry(value, clock.monotonic_s() + ttl_s)
