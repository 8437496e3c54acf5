"""Which cap refuses what, and until when."""

from datetime import UTC, date, datetime

import pytest

from dataplane.front.allowances import refusals
from kit.ids import OrganizationId, new_id
from storage.allowances import Standing


def standing(**values: int) -> Standing:
    names = (
        "storage_bytes", "read_units_per_month", "write_units_per_month",
        "stored_bytes", "read_units", "write_units",
    )  # fmt: skip
    return Standing(OrganizationId(new_id()), **(dict.fromkeys(names) | values))


def test_without_caps_nothing_is_refused() -> None:
    found = refusals(standing(), date(2026, 11, 25))
    assert found[1:] == (None, None, None, {})


@pytest.mark.parametrize(("used", "is_refused"), [(0, False), (99, False), (100, True)])
def test_a_cap_is_reached_when_all_of_it_is_used(used: int, *, is_refused: bool) -> None:
    today = date(2026, 11, 25)
    reads = refusals(standing(read_units_per_month=100, read_units=used), today)
    writes = refusals(standing(write_units_per_month=100, write_units=used), today)
    stored = refusals(standing(storage_bytes=100, stored_bytes=used), today)
    found = [reads.reads, writes.writes, stored.growth]
    assert [one is not None for one in found] == [is_refused] * 3


@pytest.mark.parametrize(
    ("today", "until"),
    [
        (date(2026, 11, 1), datetime(2026, 12, 1, tzinfo=UTC)),
        (date(2026, 12, 31), datetime(2027, 1, 1, tzinfo=UTC)),
    ],
)
def test_months_begin_anew_on_their_first_day(today: date, until: datetime) -> None:
    found = refusals(standing(read_units_per_month=1, read_units=1), today)
    assert found.until == until
    assert found.reads is not None
    assert f"{until:%Y-%m-%d} 00:00 UTC" in found.reads
