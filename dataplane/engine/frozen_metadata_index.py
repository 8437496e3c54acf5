"""The metadata index of a segment: written once by the builder, opened without a loop over rows.

Per field, strings are sorted and share one column of rows, cut by offsets; numbers are sorted, so
that a range is a slice of the rows beside them. A field's strings are decoded at its first use.
"""

from functools import cached_property

import msgspec
import numpy as np
import numpy.typing as npt
from pyroaring import BitMap

from dataplane.engine.filters import Range, Scalar
from dataplane.engine.metadata_index import (
    GrowingField,
    GrowingMetadataIndex,
    Rows,
    bitmap_of,
    rows_of,
    split_by_kind,
)
from kit.errors import DataLoss

# Bitmaps with more rows than this are kept once made: building one costs 8 ns a row.
_KEPT_ROWS = 256


class _FieldColumns(msgspec.Struct, frozen=True, array_like=True):
    """`strings` is msgpack of a list; `string_ends[i]` is where the rows of string i end."""

    strings: bytes
    string_ends: bytes
    string_rows: bytes
    numbers: bytes
    number_rows: bytes
    present: bytes
    is_true: bytes
    is_false: bytes


class _Columns(msgspec.Struct, frozen=True, array_like=True):
    row_count: int
    fields: dict[str, _FieldColumns]


_encode = msgspec.msgpack.Encoder().encode
_decode_columns = msgspec.msgpack.Decoder(_Columns).decode
_decode_strings = msgspec.msgpack.Decoder(list[str]).decode


def freeze(index: GrowingMetadataIndex) -> bytes:
    """The bytes of a segment's index over the same rows."""
    fields = {name: _freeze_field(field) for name, field in index.fields().items()}
    return _encode(_Columns(index.row_count, fields))


def _freeze_field(field: GrowingField) -> _FieldColumns:
    strings = sorted(field.strings)
    postings = [field.rows_with_string(string) for string in strings]
    numbers, number_rows = np.frombuffer(field.numbers), np.frombuffer(field.number_rows, np.uint32)
    order = np.argsort(numbers, kind="stable")
    return _FieldColumns(
        strings=_encode(strings),
        string_ends=np.cumsum([len(rows) for rows in postings], dtype="<u4").tobytes(),
        string_rows=b"".join(rows_of(rows).astype("<u4").tobytes() for rows in postings),
        numbers=numbers[order].astype("<f8").tobytes(),
        number_rows=number_rows[order].astype("<u4").tobytes(),
        present=BitMap(field.present).serialize(),
        is_true=BitMap(field.is_true).serialize(),
        is_false=BitMap(field.is_false).serialize(),
    )


class _FrozenField:
    """One field, over views of the index's bytes."""

    def __init__(self, columns: _FieldColumns, row_count: int) -> None:
        self._columns = columns
        self._ends = np.frombuffer(columns.string_ends, "<u4")
        self._string_rows: Rows = np.frombuffer(columns.string_rows, "<u4")
        self._numbers: npt.NDArray[np.float64] = np.frombuffer(columns.numbers, "<f8")
        self._number_rows: Rows = np.frombuffer(columns.number_rows, "<u4")
        self._kept: dict[str, BitMap] = {}
        self._check(row_count)

    def _check(self, row_count: int) -> None:
        if self._numbers.size != self._number_rows.size:
            raise ValueError("a number lacks its row")
        last = int(self._ends[-1]) if self._ends.size else 0
        if last != self._string_rows.size or (np.diff(self._ends.astype(np.int64)) < 0).any():
            raise ValueError("the offsets of the strings do not fit their rows")
        for rows in (self._string_rows, self._number_rows):
            if rows.size and int(rows.max()) >= row_count:
                raise ValueError("a row is past the end")

    @cached_property
    def _positions(self) -> dict[str, int]:
        strings = _decode_strings(self._columns.strings)
        return dict(zip(strings, range(len(strings)), strict=True))

    @cached_property
    def present(self) -> BitMap:
        return BitMap.deserialize(self._columns.present)

    @cached_property
    def is_true(self) -> BitMap:
        return BitMap.deserialize(self._columns.is_true)

    @cached_property
    def is_false(self) -> BitMap:
        return BitMap.deserialize(self._columns.is_false)

    def rows_with_string(self, value: str) -> BitMap:
        kept = self._kept.get(value)
        if kept is not None:
            return kept
        position = self._positions.get(value)
        if position is None:
            return BitMap()
        start = int(self._ends[position - 1]) if position else 0
        bitmap = bitmap_of(self._string_rows[start : int(self._ends[position])])
        if len(bitmap) > _KEPT_ROWS:
            self._kept[value] = bitmap
        return bitmap

    def rows_with_numbers(self, values: list[float]) -> BitMap:
        wanted = np.unique(np.array(values))
        starts = np.searchsorted(self._numbers, wanted, side="left").tolist()
        ends = np.searchsorted(self._numbers, wanted, side="right").tolist()
        slices = [
            self._number_rows[start:end]
            for start, end in zip(starts, ends, strict=True)
            if end > start
        ]
        return bitmap_of(np.concatenate(slices)) if slices else BitMap()

    def rows_in_range(self, condition: Range) -> BitMap:
        start = self._position(condition.low, is_past_equals=condition.is_low_open)
        end = self._position(condition.high, is_past_equals=not condition.is_high_open)
        return bitmap_of(self._number_rows[start:end])

    def _position(self, bound: float, *, is_past_equals: bool) -> int:
        return int(np.searchsorted(self._numbers, bound, "right" if is_past_equals else "left"))


class FrozenMetadataIndex:
    """The index of a segment, over the bytes that `freeze` made."""

    def __init__(self, raw: bytes) -> None:
        """Raises `DataLoss` where authentic bytes are not what `freeze` writes."""
        try:
            columns = _decode_columns(raw)
            self._row_count = columns.row_count
            self._fields = {
                name: _FrozenField(field, columns.row_count)
                for name, field in columns.fields.items()
            }
        except (ValueError, msgspec.MsgspecError) as error:
            raise DataLoss(f"A segment's metadata index is malformed: {error}.") from error

    @property
    def row_count(self) -> int:
        return self._row_count

    def field_names(self) -> list[str]:
        return list(self._fields)

    def rows_with_any_of(self, field: str, values: tuple[Scalar, ...]) -> BitMap:
        column = self._fields.get(field)
        if column is None:
            return BitMap()
        strings, numbers, booleans = split_by_kind(values)
        found = [column.rows_with_string(string) for string in strings]
        if numbers:
            found.append(column.rows_with_numbers(numbers))
        if True in booleans:
            found.append(column.is_true)
        if False in booleans:
            found.append(column.is_false)
        return found[0] if len(found) == 1 else BitMap.union(BitMap(), *found)

    def rows_in_range(self, condition: Range) -> BitMap:
        column = self._fields.get(condition.field)
        return BitMap() if column is None else column.rows_in_range(condition)

    def rows_with_field(self, field: str) -> BitMap:
        column = self._fields.get(field)
        return BitMap() if column is None else column.present

    def scanned_rows(self, _field: str) -> int:
        # Numbers are sorted: only what is found is looked at.
        return 0
