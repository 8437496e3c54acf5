"""A month of a statement: `2026-11`, its days and its neighbours."""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta

from kit import clock
from kit.errors import InvalidArgument

_FIRST_YEAR, _LAST_YEAR = 2000, 9998


@dataclass(frozen=True, slots=True)
class Month:
    year: int
    month: int

    @classmethod
    def parse(cls, text: str) -> "Month":
        """Raises `InvalidArgument` for what is not spelt `2026-11`."""
        year, dash, month = text.strip().partition("-")
        is_spelt = dash and len(year) == 4 and len(month) == 2 and (year + month).isascii()
        if is_spelt and (year + month).isdigit():
            found = cls(int(year), int(month))
            if 1 <= found.month <= 12 and _FIRST_YEAR <= found.year <= _LAST_YEAR:
                return found
        raise InvalidArgument("A month is written as year and month: 2026-11.", field="month")

    @classmethod
    def of(cls, day: date) -> "Month":
        return cls(day.year, day.month)

    @classmethod
    def current(cls) -> "Month":
        """The one that counts now, in UTC."""
        return cls.of(clock.now().date())

    @property
    def first(self) -> date:
        return date(self.year, self.month, 1)

    @property
    def last(self) -> date:
        return date(self.year, self.month, monthrange(self.year, self.month)[1])

    @property
    def previous(self) -> "Month":
        return self.of(self.first - timedelta(days=1))

    @property
    def next(self) -> "Month":
        return self.of(self.last + timedelta(days=1))

    def __str__(self) -> str:
        return f"{self.year:04}-{self.month:02}"
