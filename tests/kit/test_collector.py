"""What the process is made of is passed over by the collector; what comes later is not."""

import gc
import weakref
from collections.abc import Iterator

import pytest

from kit.collector import leave_out_what_is_there


@pytest.fixture(autouse=True)
def the_collector_as_it_was() -> Iterator[None]:
    thresholds = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*thresholds)


class Ring:
    """Refers to itself: only the collector finds it."""

    def __init__(self) -> None:
        self.me = self


def test_only_what_comes_later_is_looked_through() -> None:
    leave_out_what_is_there()
    assert gc.get_freeze_count() > 1000
    gone = weakref.ref(Ring())
    gc.collect()
    assert gone() is None
