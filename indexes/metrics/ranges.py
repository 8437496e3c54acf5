"""The ranges that are drawn, and the steps that each consists of."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from kit.errors import InvalidArgument
from storage.activity import Span


class Range(StrEnum):
    """By the names of addresses; `label` is for people."""

    HOUR = "1h"
    DAY = "24h"
    WEEK = "7d"
    MONTH = "30d"

    @classmethod
    def parse(cls, text: str) -> "Range":
        """Raises `InvalidArgument` for any other name."""
        if text not in list(cls):
            raise InvalidArgument(f"range is one of {', '.join(cls)}.", field="range")
        return cls(text)

    @property
    def label(self) -> str:
        return _LABELS[self]

    @property
    def span(self) -> Span:
        """The rows that it is drawn from: one step is one span."""
        return _STEPS[self][0]

    def window(self, now: datetime) -> "Window":
        """The steps up to the one that is under way, which it includes."""
        span, count = _STEPS[self]
        last = span.start_of(now)
        return Window(last - timedelta(seconds=span * (count - 1)), span, count)


@dataclass(frozen=True, slots=True)
class Window:
    """So many steps from `first` on."""

    first: datetime
    span: Span
    count: int

    @property
    def starts(self) -> list[datetime]:
        step = timedelta(seconds=self.span)
        return [self.first + step * number for number in range(self.count)]

    @property
    def end(self) -> datetime:
        return self.first + timedelta(seconds=self.span * self.count)

    @property
    def previous(self) -> "Window":
        """As many steps, right before."""
        length = timedelta(seconds=self.span * self.count)
        return Window(self.first - length, self.span, self.count)


_STEPS = {
    Range.HOUR: (Span.MINUTE, 60),
    Range.DAY: (Span.QUARTER, 96),
    Range.WEEK: (Span.HOUR, 168),
    Range.MONTH: (Span.DAY, 30),
}
_LABELS = {
    Range.HOUR: "1 hour",
    Range.DAY: "24 hours",
    Range.WEEK: "7 days",
    Range.MONTH: "30 days",
}
