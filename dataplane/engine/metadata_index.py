"""What a filter is evaluated against, and the index of a memtable, which grows row by row.

Rows are numbered from 0 in the order they were added. Deleted rows stay in the index: the caller
takes them out of the result. Strings and booleans map to roaring bitmaps, numbers are a column of
float64 beside a column of rows, compared as a whole.
"""

import operator
from array import array
from typing import Any, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt
import orjson
from pyroaring import BitMap

from dataplane.engine.filters import Range, Scalar

Rows: TypeAlias = npt.NDArray[np.uint32]


class MetadataIndex(Protocol):
    """What an expression is evaluated against."""

    @property
    def row_count(self) -> int: ...

    def field_names(self) -> list[str]: ...

    def rows_with_any_of(self, field: str, values: tuple[Scalar, ...]) -> BitMap: ...

    def rows_in_range(self, condition: Range) -> BitMap: ...

    def rows_with_field(self, field: str) -> BitMap: ...

    def scanned_rows(self, field: str, /) -> int:
        """How many rows a condition on the field's numbers looks at, whatever it finds."""
        ...


def bitmap_of(rows: Rows) -> BitMap:
    """A bitmap of row numbers (through `array`, which pyroaring takes at C speed)."""
    return BitMap(array("I", np.ascontiguousarray(rows, np.uint32).tobytes()))


def rows_of(bitmap: BitMap) -> Rows:
    """The row numbers of a bitmap, ascending."""
    return np.frombuffer(bitmap.to_array(), np.uint32)


def split_by_kind(values: tuple[Scalar, ...]) -> tuple[list[str], list[float], set[bool]]:
    """Strings, numbers and booleans apart: the three never equal each other."""
    booleans = {value for value in values if isinstance(value, bool)}
    strings = [value for value in values if isinstance(value, str)]
    numbers = [value for value in values if type(value) is float]
    return strings, numbers, booleans


class GrowingField:
    """One field of a growing index. A string that stands on one row only maps to the row itself:
    most fields of text have such strings by the thousand."""

    __slots__ = ("is_false", "is_true", "number_rows", "numbers", "present", "strings")

    def __init__(self) -> None:
        self.present = array("I")
        self.strings: dict[str, int | BitMap] = {}
        self.numbers = array("d")
        self.number_rows = array("I")
        self.is_true = array("I")
        self.is_false = array("I")

    def add(self, row: int, value: Any) -> None:
        """Add one field of one row's metadata; elements of a list count one by one."""
        self.present.append(row)
        if isinstance(value, list):
            for element in value:
                self._add_scalar(row, element)
        else:
            self._add_scalar(row, value)

    def _add_scalar(self, row: int, value: Any) -> None:
        if isinstance(value, str):
            rows = self.strings.get(value)
            if rows is None:
                self.strings[value] = row
            elif isinstance(rows, int):
                self.strings[value] = BitMap((rows, row))
            else:
                rows.add(row)
        elif isinstance(value, bool):
            (self.is_true if value else self.is_false).append(row)
        elif isinstance(value, (int, float)):
            self.numbers.append(value)
            self.number_rows.append(row)

    def rows_with_string(self, value: str) -> BitMap:
        rows = self.strings.get(value)
        if rows is None:
            return BitMap()
        return BitMap((rows,)) if isinstance(rows, int) else rows

    def rows_where(self, is_wanted: npt.NDArray[np.bool_]) -> BitMap:
        return bitmap_of(np.frombuffer(self.number_rows, np.uint32)[is_wanted])


class GrowingMetadataIndex:
    """The index of a memtable."""

    def __init__(self) -> None:
        self._row_count = 0
        self._fields: dict[str, GrowingField] = {}

    @property
    def row_count(self) -> int:
        return self._row_count

    def append(self, metadata: list[bytes | None]) -> None:
        """Add the next rows, one per element: JSON objects, or None."""
        fields = self._fields
        for row, raw in enumerate(metadata, start=self._row_count):
            if raw:
                for name, value in orjson.loads(raw).items():
                    field = fields.get(name)
                    if field is None:
                        field = fields[name] = GrowingField()
                    field.add(row, value)
        self._row_count += len(metadata)

    def fields(self) -> dict[str, GrowingField]:
        return self._fields

    def field_names(self) -> list[str]:
        return list(self._fields)

    def rows_with_any_of(self, field: str, values: tuple[Scalar, ...]) -> BitMap:
        column = self._fields.get(field)
        if column is None:
            return BitMap()
        strings, numbers, booleans = split_by_kind(values)
        found = [column.rows_with_string(string) for string in strings]
        if numbers:
            found.append(column.rows_where(np.isin(np.frombuffer(column.numbers), numbers)))
        if True in booleans:
            found.append(BitMap(column.is_true))
        if False in booleans:
            found.append(BitMap(column.is_false))
        return found[0] if len(found) == 1 else BitMap.union(BitMap(), *found)

    def rows_in_range(self, condition: Range) -> BitMap:
        column = self._fields.get(condition.field)
        if column is None:
            return BitMap()
        numbers = np.frombuffer(column.numbers)
        above = operator.gt if condition.is_low_open else operator.ge
        below = operator.lt if condition.is_high_open else operator.le
        return column.rows_where(above(numbers, condition.low) & below(numbers, condition.high))

    def rows_with_field(self, field: str) -> BitMap:
        column = self._fields.get(field)
        return BitMap() if column is None else BitMap(column.present)

    def scanned_rows(self, field: str) -> int:
        column = self._fields.get(field)
        return 0 if column is None else len(column.numbers)
