"""Series as charts and as tables: `components/chart.html` shows both from the same numbers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.template.defaultfilters import filesizeformat

Values = Sequence[float | int | None]


class Unit(StrEnum):
    """How numbers are written; charts.js writes them alike."""

    COUNT = "count"
    MILLISECONDS = "ms"
    BYTES = "bytes"

    def written(self, value: float | None) -> str:
        if value is None:
            return "–"
        if self is Unit.BYTES:
            return filesizeformat(value)
        return f"{value:,.1f} ms" if self is Unit.MILLISECONDS else f"{value:,.0f}"


@dataclass(frozen=True, slots=True)
class Cell:
    value: float | None
    text: str


@dataclass(frozen=True, slots=True)
class Row:
    start: datetime
    cells: list[Cell]


@dataclass(frozen=True, slots=True)
class Chart:
    """`series` by the name that people read; `is_stepped`: a value holds until the next one."""

    key: str
    title: str
    note: str
    unit: Unit
    starts: Sequence[datetime]
    series: Mapping[str, Values]
    is_stepped: bool = False

    @property
    def is_empty(self) -> bool:
        return not any(value is not None for values in self.series.values() for value in values)

    @property
    def rows(self) -> list[Row]:
        columns = list(self.series.values())
        return [
            Row(start, [Cell(column[n], self.unit.written(column[n])) for column in columns])
            for n, start in enumerate(self.starts)
        ]
