"""When writes that grow indexes are refused."""

import pytest

from dataplane.engine.memory_ceiling import MemoryCeiling, ceiling_bytes
from kit.errors import ResourceExhausted


def test_what_was_admitted_counts_until_it_is_measured() -> None:
    ceiling = MemoryCeiling(100, lambda: 40, lambda: False)
    ceiling.admit(30)
    ceiling.admit(30)
    with pytest.raises(ResourceExhausted, match="memory is full") as caught:
        ceiling.admit(1)
    assert caught.value.retry_after_s == 5


def test_nothing_is_refused_while_idle_indexes_can_be_unloaded() -> None:
    held = [50, 30, 20]
    ceiling = MemoryCeiling(100, lambda: sum(held), lambda: len(held) > 1 and bool(held.pop()))
    ceiling.admit(45)
    assert held == [50]
    with pytest.raises(ResourceExhausted):
        ceiling.admit(60)


def test_what_was_loaded_pushes_idle_indexes_out() -> None:
    held = [60, 30, 40]
    ceiling = MemoryCeiling(100, lambda: sum(held), lambda: bool(held) and bool(held.pop()))
    ceiling.make_room()
    assert held == [60, 30]


def test_half_of_the_memory_is_the_default() -> None:
    assert ceiling_bytes(3, engines=1) == 3 * 1024 * 1024
    assert ceiling_bytes(6, engines=2) == 3 * 1024 * 1024
    assert ceiling_bytes(0, engines=1) > 64 * 1024 * 1024
