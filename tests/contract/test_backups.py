"""Backups through the official client, with a whole stack and a writer that does not pause."""

import pytest

from tests.support.clients import NEWEST, run_scenario
from tests.support.stack import Stack

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]


def test_an_index_is_backed_up_under_writes_and_restored(stack: Stack, name: str) -> None:
    run_scenario(stack, "backups", name, version=NEWEST)
