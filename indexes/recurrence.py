"""When something that recurs is due: pure functions of a frequency, a first time and a moment."""

import calendar
from datetime import UTC, datetime, timedelta
from enum import StrEnum


class Frequency(StrEnum):
    """Pinecone's names."""

    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"


_STEPS = {Frequency.DAILY: timedelta(days=1), Frequency.WEEKLY: timedelta(weeks=1)}
_MONTHS = 12


def first_run(hour: int, *, after: datetime) -> datetime:
    """The next time that a day's `hour` (UTC) begins."""
    found = after.astimezone(UTC).replace(hour=hour, minute=0, second=0, microsecond=0)
    return found if found > after else found + timedelta(days=1)


def next_run(frequency: Frequency, first: datetime, *, after: datetime) -> datetime:
    """The earliest run of the series later than that."""
    return _run(frequency, first, _begun(frequency, first, after))


def latest_run(frequency: Frequency, first: datetime, *, at: datetime) -> datetime:
    """The last run that was due by then; there must be one."""
    return _run(frequency, first, _begun(frequency, first, at) - 1)


def _begun(frequency: Frequency, first: datetime, at: datetime) -> int:
    """How many runs were due by then."""
    if at < first:
        return 0
    if frequency != Frequency.MONTHLY:
        return (at - first) // _STEPS[frequency] + 1
    months = (at.year - first.year) * _MONTHS + at.month - first.month
    return months + (_run(frequency, first, months) <= at)


def _run(frequency: Frequency, first: datetime, number: int) -> datetime:
    """The run of that number, counted from 0. A short month has its run on its last day."""
    if frequency != Frequency.MONTHLY:
        return first + number * _STEPS[frequency]
    years, month = divmod(first.month - 1 + number, _MONTHS)
    year = first.year + years
    day = min(first.day, calendar.monthrange(year, month + 1)[1])
    return first.replace(year=year, month=month + 1, day=day)
