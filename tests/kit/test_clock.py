"""Time, as everything asks for it."""

from datetime import UTC

from kit import clock


def test_now_is_aware_and_in_utc() -> None:
    assert clock.now().tzinfo is UTC


def test_the_steady_clock_never_steps_back() -> None:
    readings = [clock.monotonic_s() for _ in range(1000)]
    assert readings == sorted(readings)
