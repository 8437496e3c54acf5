"""Runs of a series: daily, weekly, monthly, over the ends of months and years."""

from datetime import UTC, datetime, timedelta

import pytest

from indexes.recurrence import Frequency, first_run, latest_run, next_run

DAILY, WEEKLY, MONTHLY = Frequency


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("hour", "after", "expected"),
    [
        (6, "2026-04-02T05:59:59", "2026-04-02T06:00"),
        (6, "2026-04-02T06:00:00", "2026-04-03T06:00"),
        (0, "2026-12-31T18:22:56", "2027-01-01T00:00"),
    ],
)
def test_the_first_run_is_at_the_next_such_hour(hour: int, after: str, expected: str) -> None:
    assert first_run(hour, after=at(after)) == at(expected)


@pytest.mark.parametrize(
    ("frequency", "first", "expected"),
    [
        (DAILY, "2026-02-27T06:00", ["2026-02-28", "2026-03-01", "2026-03-02"]),
        (WEEKLY, "2026-12-24T06:00", ["2026-12-31", "2027-01-07", "2027-01-14"]),
        (MONTHLY, "2026-11-30T06:00", ["2026-12-30", "2027-01-30", "2027-02-28", "2027-03-30"]),
        (MONTHLY, "2027-12-31T06:00", ["2028-01-31", "2028-02-29", "2028-03-31", "2028-04-30"]),
    ],
)
def test_each_run_follows_the_one_before(
    frequency: Frequency, first: str, expected: list[str]
) -> None:
    moment = at(first)
    assert next_run(frequency, moment, after=moment - timedelta(days=400)) == moment
    for day in expected:
        moment = next_run(frequency, at(first), after=moment)
        assert moment == at(f"{day}T06:00")


@pytest.mark.parametrize("frequency", Frequency)
def test_between_the_latest_and_the_next_run_there_is_none(frequency: Frequency) -> None:
    first = at("2026-01-31T06:00")
    for hours in range(0, 24 * 400, 7):
        moment = first + timedelta(hours=hours)
        before = latest_run(frequency, first, at=moment)
        after = next_run(frequency, first, after=moment)
        assert before <= moment < after
        assert next_run(frequency, first, after=before) == after
