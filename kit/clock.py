"""The time, in one place, so that tests and simulations can steer it."""

import time
from datetime import UTC, datetime


def now() -> datetime:
    """The wall clock, aware, in UTC."""
    return datetime.fromtimestamp(time.time(), tz=UTC)


def monotonic_s() -> float:
    """Seconds that never step back: for timeouts, leases and durations."""
    return time.monotonic()
