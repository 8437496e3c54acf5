"""When writes that grow indexes are refused."""

import pytest

from dataplane.engine.memory_ceiling import MemoryCeiling, ceiling_bytes
from kit.errors import ResourceExhausted


def test_what_was_admitted_counts_until_it_is_measured() -> None:
    ceiling = MemoryCeiling(100, lambda: 40)
    ceiling.admit(30)
    ceiling.admit(30)
    with pytest.raises(ResourceExhausted, match="memory is full") as caught:
        ceiling.admit(1)
    assert caught.value.retry_after_s == 5


def test_half_of_the_memory_is_the_default() -> None:
    assert ceiling_bytes(3) == 3 * 1024 * 1024
    assert ceiling_bytes(0) > 64 * 1024 * 1024
