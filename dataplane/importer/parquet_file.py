"""A Parquet file, which may be anything: checked for its columns, then read batch by batch."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from dataplane.importer.source import FileRefused, ImportFailed
from kit.errors import StonepineError

# What is read of a column at once. Without such a buffer pyarrow takes whole column chunks.
_BUFFER_BYTES = 1024 * 1024
_MAX_FOOTER_BYTES = 64 * 1024 * 1024
# An engine that takes it in does nothing else for some milliseconds.
_BATCH_BYTES = 1024 * 1024
_MAX_BATCH_ROWS = 500


@dataclass(frozen=True, slots=True)
class Batch:
    """Consecutive rows; `start` is the number of the first one in the file, from 0."""

    start: int
    rows: pa.RecordBatch


class ParquetReader:
    """Of an index of that dimension, None for a sparse one. Raises `FileRefused`."""

    def __init__(self, file: BinaryIO, dimension: int | None) -> None:
        with _translated():
            self._file = pq.ParquetFile(
                pa.PythonFile(file, mode="r"),
                buffer_size=_BUFFER_BYTES,
                pre_buffer=False,
                memory_map=False,
                thrift_string_size_limit=_MAX_FOOTER_BYTES,
                thrift_container_size_limit=1_000_000,
            )
            self.row_count: int = self._file.metadata.num_rows
            self._columns = _checked_columns(self._file.schema_arrow, dimension)
        row_bytes = 4 * (dimension or 256) + 256
        self._batch_rows = max(20, min(_MAX_BATCH_ROWS, _BATCH_BYTES // row_bytes))

    def batches(self, start: int) -> Iterator[Batch]:
        """From that row on; row groups that end before it are not touched."""
        first = 0
        for number in range(self._file.metadata.num_row_groups):
            rows = self._file.metadata.row_group(number).num_rows
            if first + rows > start:
                yield from self._group(number, first, start)
            first += rows

    def _group(self, number: int, first: int, start: int) -> Iterator[Batch]:
        read = self._file.iter_batches(
            batch_size=self._batch_rows,
            row_groups=[number],
            columns=self._columns,
            use_threads=False,
        )
        while True:
            with _translated():
                rows = next(read, None)
            if rows is None:
                return
            passed = max(0, start - first)
            if passed < rows.num_rows:
                yield Batch(first + passed, rows.slice(passed))
            first += rows.num_rows


def _checked_columns(schema: pa.Schema, dimension: int | None) -> list[str]:
    """The columns to read; others are passed over."""
    found: dict[str, pa.DataType] = {}
    for name, kind in zip(schema.names, schema.types, strict=True):
        if name in found:
            raise FileRefused(f"it has two columns named {name[:80]!r}")
        found[name] = kind
    needed = ["id", "sparse_values"] if dimension is None else ["id", "values"]
    for name in needed:
        if name not in found:
            raise FileRefused(f"it has no column {name!r}")
    if dimension is None and "values" in found and not pa.types.is_null(found["values"]):
        raise FileRefused("it has a column 'values', but this is a sparse index")
    wanted = [name for name in ("id", "values", "sparse_values", "metadata") if name in found]
    for name in wanted:
        if not _IS_OF_TYPE[name](found[name]):
            raise FileRefused(
                f"its column {name!r} is of the type {str(found[name])[:120]}, not {_TYPES[name]}"
            )
    return [name for name in wanted if not (dimension is None and name == "values")]


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _is_list_of_floats(kind: pa.DataType) -> bool:
    is_list = (
        pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)
    )
    return bool(is_list and pa.types.is_floating(kind.value_type))


def _is_sparse(kind: pa.DataType) -> bool:
    if pa.types.is_null(kind):
        return True
    if not pa.types.is_struct(kind):
        return False
    inside: dict[str, Any] = {field.name: field.type for field in kind}
    indices, values = inside.get("indices"), inside.get("values")
    if indices is None or values is None:
        return False
    is_list = pa.types.is_list(indices) or pa.types.is_large_list(indices)
    is_whole = is_list and pa.types.is_integer(indices.value_type)
    return bool(is_whole and _is_list_of_floats(values))


def _is_metadata(kind: pa.DataType) -> bool:
    return _is_text(kind) or bool(pa.types.is_null(kind))


_IS_OF_TYPE: dict[str, Callable[[pa.DataType], bool]] = {
    "id": _is_text,
    "values": _is_list_of_floats,
    "sparse_values": _is_sparse,
    "metadata": _is_metadata,
}
_TYPES = {
    "id": "STRING",
    "values": "LIST<FLOAT>",
    "sparse_values": "STRUCT<indices: LIST<UINT_32>, values: LIST<FLOAT>>",
    "metadata": "STRING",
}


@contextmanager
def _translated() -> Iterator[None]:
    """What pyarrow says of a bad file quotes at most its own structure."""
    try:
        yield
    except (StonepineError, FileRefused, ImportFailed):
        raise
    except MemoryError as error:
        raise FileRefused(
            "reading it takes more memory than an import may use: write it with smaller pages"
        ) from error
    except (pa.ArrowException, OSError, ValueError, OverflowError) as error:
        raise FileRefused(f"it cannot be read as Parquet: {str(error)[:200]}") from error
