"""A key's refusals are kept up to a bound, then one of them, until the window ends."""

import pytest

from dataplane.front.refusal_bound import MOST_REFUSALS, WINDOW_S, RefusalBound, TooManyRefusals
from kit import clock


def test_only_the_first_past_the_bound_is_worth_an_event(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "monotonic_s", lambda: 0.0)
    bound = RefusalBound()
    for _ in range(MOST_REFUSALS):
        bound.require_room("a")
    for is_first in (True, False, False):
        with pytest.raises(TooManyRefusals) as refused:
            bound.require_room("a")
        assert refused.value.is_first is is_first
        assert refused.value.retry_after_s == WINDOW_S
    bound.require_room("b")


def test_a_new_window_begins_when_one_has_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "monotonic_s", lambda: 0.0)
    bound = RefusalBound()
    for _ in range(MOST_REFUSALS):
        bound.require_room("a")
    monkeypatch.setattr(clock, "monotonic_s", lambda: float(WINDOW_S))
    bound.require_room("a")
