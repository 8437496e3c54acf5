"""What the official client did stands on the statement, also when its index is gone."""

import csv
from typing import Any

import pytest

from kit import clock
from tests.support.clients import run_scenario
from tests.support.stack import Stack
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.stack, pytest.mark.timeout(120)]

STARTED = clock.now()
# 100 × (8 values, 4 letters of id, {"t":"x…"} of 1,002 bytes) are 103,800 bytes: 102 started KiB.
EXPECTED = {
    "read_units": 7 + 3, "write_units": 102 + 5,
    "upserts": 1, "queries": 7, "fetches": 1, "deletes": 1, "lists": 0, "updates": 0,
}  # fmt: skip


def lines(stack: Stack, index: str) -> list[dict[str, Any]]:
    """Of this month and, should it end just now, of the one before."""
    organization = str(stack.facts["organization_id"])
    found = []
    for month in {f"{moment:%Y-%m}" for moment in (STARTED, clock.now())}:
        result = stack.run(
            "org", "statement", organization, "--month", month, "--home", str(stack.home)
        )
        assert result.returncode == 0, result.stderr
        found += csv.DictReader(result.stdout.splitlines())
    return [line for line in found if line["index"] == index]


def test_use_through_the_official_client_is_on_the_statement(stack: Stack, name: str) -> None:
    run_scenario(stack, "metered", name)

    def sums() -> dict[str, int]:
        found = lines(stack, name)
        return {counter: sum(int(line[counter]) for line in found) for counter in EXPECTED}

    wait_until(lambda: sums() == EXPECTED, timeout_s=30, what="the statement", every_s=0.5)
    assert {line["project"] for line in lines(stack, name)} != {""}
