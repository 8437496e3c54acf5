"""Counting in memory: by index and day, from many threads, until it is taken."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields
from datetime import UTC, date, datetime
from typing import Any

import pytest

from dataplane.engine import messages
from dataplane.front.meter import Meter
from kit import clock
from kit.ids import new_id
from storage.catalog import IndexRow

QUERY = messages.Query(index_id=new_id(), top_k=1, id="a")
MATCHES = messages.Matches(matches=[], read_units=2, max_indexed_lsn=1)


def an_index(name: str = "movies") -> IndexRow:
    values: dict[str, Any] = {field.name: None for field in fields(IndexRow)}
    return IndexRow(
        **{**values, "index_id": new_id(), "org_id": new_id(), "project_id": new_id(), "name": name}
    )


def test_what_is_taken_is_counted_from_zero_again() -> None:
    meter, index = Meter(), an_index()
    meter.count(index, "Query", QUERY, MATCHES)
    meter.count(index, "Query", QUERY, MATCHES)
    ((place, tally),) = meter.take().items()
    assert (place.index_id, place.org_id, tally.index_name) == (
        index.index_id, index.org_id, "movies",
    )  # fmt: skip
    assert (tally.counts["read_units"], tally.counts["queries"]) == (4, 2)
    assert meter.take() == {}
    meter.count(index, "Query", QUERY, MATCHES)
    assert [tally.counts["queries"] for tally in meter.take().values()] == [1]


def test_days_change_at_midnight_utc(monkeypatch: pytest.MonkeyPatch) -> None:
    meter, index = Meter(), an_index()
    for moment in (
        datetime(2026, 11, 30, 23, 59, 59, 999999, UTC),
        datetime(2026, 12, 1, tzinfo=UTC),
        datetime(2026, 12, 1, 12, tzinfo=UTC),
        datetime(2026, 12, 3, 1, tzinfo=UTC),
    ):
        monkeypatch.setattr(clock, "now", lambda moment=moment: moment)
        meter.count(index, "Query", QUERY, MATCHES)
    found = {place.day: tally.counts["queries"] for place, tally in meter.take().items()}
    assert found == {date(2026, 11, 30): 1, date(2026, 12, 1): 2, date(2026, 12, 3): 1}


def test_threads_lose_nothing() -> None:
    meter, indexes, taken = Meter(), [an_index(), an_index()], []

    def work(number: int) -> None:
        for _ in range(500):
            meter.count(indexes[number % 2], "Query", QUERY, MATCHES)
        taken.append(meter.take())

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    counted = [tally.counts["queries"] for batch in taken for tally in batch.values()]
    assert sum(counted) == 8 * 500
