"""How much memory the engine's indexes may take: idle ones make room, then growth is refused."""

import os
from collections.abc import Callable
from pathlib import Path

from kit import clock
from kit.errors import ResourceExhausted

_MIB = 1024 * 1024
_RETRY_AFTER_S = 5
# Opened indexes and what deletes and builders gave back count after this long at the latest.
_STALE_AFTER_S = 5.0
_LEAST_PAUSE_S = 1.0
_CGROUP_LIMIT = Path("/sys/fs/cgroup/memory.max")


class MemoryCeiling:
    """An estimate: measured now and then, and counted up by what is admitted in between.

    `unload` lets go of one idle index, or tells that there is none.
    """

    def __init__(
        self, limit_bytes: int, measure: Callable[[], int], unload: Callable[[], bool]
    ) -> None:
        self._limit_bytes = limit_bytes
        self._measure = measure
        self._unload = unload
        self._used_bytes = 0
        self._measured_at: float | None = None

    def admit(self, growth_bytes: int) -> None:
        """Raises `ResourceExhausted` where that much more does not fit."""
        if not self._is_younger_than(_STALE_AFTER_S):
            self._renew()
        if self._is_over(growth_bytes) and not self._is_younger_than(_LEAST_PAUSE_S):
            self._renew()
        if not self._make_room(growth_bytes):
            raise ResourceExhausted(
                "The index node's memory is full: delete records, or try again later.",
                retry_after_s=_RETRY_AFTER_S,
            )
        self._used_bytes += growth_bytes

    def make_room(self) -> None:
        """Something was loaded: unload idle indexes until the rest fits, as far as there are."""
        self._renew()
        self._make_room(0)

    def _make_room(self, growth_bytes: int) -> bool:
        while self._is_over(growth_bytes):
            if not self._unload():
                return False
            self._renew()
        return True

    def _renew(self) -> None:
        self._used_bytes = self._measure()
        self._measured_at = clock.monotonic_s()

    def _is_over(self, growth_bytes: int) -> bool:
        return self._used_bytes + growth_bytes > self._limit_bytes

    def _is_younger_than(self, seconds: float) -> bool:
        return self._measured_at is not None and clock.monotonic_s() - self._measured_at < seconds


def ceiling_bytes(setting_mb: int, *, engines: int) -> int:
    """One engine's share of the setting in bytes; 0 stands for half of what the machine or the
    container has."""
    if setting_mb:
        return setting_mb * _MIB // engines
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    try:
        limit = _CGROUP_LIMIT.read_text().strip()
    except OSError:
        limit = ""
    return min(machine, int(limit) if limit.isdigit() else machine) // (2 * engines)
