"""From rows of a Parquet file to what an engine is asked, and what is wrong with the others.

What a row may hold is what an upsert may hold: `dataplane.front.checks` decides for both.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar
from uuid import UUID

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from dataplane.engine.messages import SparseVector, Upsert
from dataplane.engine.spec import IndexSpec
from dataplane.front import checks
from dataplane.importer.parquet_file import Batch
from kit.errors import InvalidArgument
from protocol.forms import SparseForm

Mask = npt.NDArray[np.bool_]
Float32 = npt.NDArray[np.float32]
T = TypeVar("T")
_decode_json = msgspec.json.Decoder(dict[str, Any]).decode


@dataclass(frozen=True, slots=True)
class Fault:
    """`row` is the number in the file, from 0."""

    row: int
    reason: str


@dataclass(slots=True)
class _Rows:
    """A batch under examination: which rows are still good, and what is wrong with the rest."""

    start: int
    is_good: Mask
    faults: list[Fault] = field(default_factory=list)

    def refuse(self, row: int, reason: str) -> None:
        if self.is_good[row]:
            self.is_good[row] = False
            self.faults.append(Fault(self.start + row, reason))

    def refuse_all(self, rows: Mask, reason: Callable[[int], str]) -> None:
        for row in np.flatnonzero(rows & self.is_good).tolist():
            self.refuse(row, reason(row))


@dataclass(frozen=True, slots=True)
class Examined:
    """`request` holds the good rows, of those that share an id the last one; None for none.

    `good` counts all good rows.
    """

    request: Upsert | None
    good: int
    faults: list[Fault]


def examine(batch: Batch, index_id: UUID, namespace: str, spec: IndexSpec) -> Examined:
    rows = _Rows(batch.start, np.ones(batch.rows.num_rows, bool))
    ids = _ids(batch.rows.column("id"), rows)
    columns = {name: batch.rows.column(name) for name in batch.rows.schema.names}
    metadata = _metadata(columns.get("metadata"), rows)
    sparse = _sparse(columns.get("sparse_values"), rows, spec)
    matrix = None if spec.is_sparse else _dense(columns["values"], rows, spec.width)
    good = np.flatnonzero(rows.is_good)
    last = list({ids[row]: row for row in good.tolist()}.values())
    rows.faults.sort(key=lambda fault: fault.row)
    if not last:
        return Examined(None, 0, rows.faults)
    request = Upsert(
        index_id=index_id,
        namespace=namespace,
        ids=[ids[row] for row in last],
        values=b"" if matrix is None else matrix[last].tobytes(),
        sparse=_column(sparse, last),
        metadata=_column(metadata, last),
    )
    return Examined(request, len(good), rows.faults)


def _ids(column: pa.Array, rows: _Rows) -> list[str]:
    """One per row; those of refused rows mean nothing."""
    found = []
    for row, raw in enumerate(_raw_texts(column)):
        id_ = "" if raw is None else raw.decode("ascii", "replace")
        found.append(id_)
        _guard(rows, row, partial(checks.record_id, id_, "id"))
    return found


def _metadata(column: pa.Array | None, rows: _Rows) -> list[bytes | None]:
    if column is None or column.null_count == len(column):
        return []
    return [
        None if not raw else _guard(rows, row, partial(_metadata_of, raw))
        for row, raw in enumerate(_raw_texts(column))
    ]


def _metadata_of(raw: bytes) -> bytes | None:
    try:
        decoded = _decode_json(raw)
    except UnicodeDecodeError:
        raise InvalidArgument("metadata is not valid UTF-8.") from None
    except RecursionError:
        raise InvalidArgument("metadata is nested too deeply.") from None
    except msgspec.MsgspecError:
        raise InvalidArgument("metadata is not a JSON object.") from None
    return checks.metadata_bytes(decoded, "metadata")


def _dense(column: pa.Array, rows: _Rows, dimension: int) -> Float32:
    """Row by row; those of refused rows are zeros."""
    values, starts, lengths = _lists(column)
    matrix = np.zeros((len(lengths), dimension), np.float32)
    rows.refuse_all(_nulls(column), lambda _: "values is missing.")
    rows.refuse_all(
        lengths != dimension,
        lambda row: (
            f"Vector dimension {lengths[row]} does not match the dimension of the index {dimension}"
        ),
    )
    fitting = np.flatnonzero(lengths == dimension)
    if fitting.size == len(lengths) and (np.diff(starts) == dimension).all():
        first = int(starts[0]) if starts.size else 0
        flat = values[first : first + len(lengths) * dimension]
        matrix = _as_float32(flat).reshape(len(lengths), dimension)
    else:
        for row in fitting.tolist():
            matrix[row] = _as_float32(values[starts[row] : starts[row] + dimension])
    is_finite = np.asarray(np.isfinite(matrix).all(axis=1))
    is_something = np.asarray((np.abs(matrix) >= checks.SMALLEST_NONZERO).any(axis=1))
    rows.refuse_all(
        ~is_finite,
        lambda _: "values holds a number that is not finite as a 32-bit float.",
    )
    rows.refuse_all(
        ~is_something,
        lambda _: "Dense vectors must contain at least one non-zero value.",
    )
    return matrix


def _sparse(column: pa.Array | None, rows: _Rows, spec: IndexSpec) -> list[SparseVector | None]:
    if column is None or pa.types.is_null(column.type):
        if spec.is_sparse:
            rows.refuse_all(rows.is_good.copy(), lambda _: "sparse_values is missing.")
        return []
    indices = _lists(column.field("indices"))
    values = _lists(column.field("values"))
    is_missing = _nulls(column) | ((indices[2] == 0) & (values[2] == 0))
    if spec.is_sparse:
        rows.refuse_all(is_missing, lambda _: "sparse_values is missing.")
    found: list[SparseVector | None] = [None] * len(rows.is_good)
    for row in np.flatnonzero(rows.is_good & ~is_missing).tolist():
        check = partial(_sparse_of, _slice(indices, row), _slice(values, row), spec)
        found[row] = _guard(rows, row, check)
    return found


def _sparse_of(
    indices: npt.NDArray[Any], values: npt.NDArray[Any], spec: IndexSpec
) -> SparseVector | None:
    spec.check_sparse(is_given=True)
    # A missing one in the whole batch makes them floats, and is not a number itself.
    if indices.size and not (indices.min() >= 0 and indices.max() <= 2**32 - 1):
        raise InvalidArgument("sparse_values.indices must be whole numbers from 0 to 2^32 - 1.")
    form = SparseForm(indices.astype("<u4").tobytes(), _as_float32(values).tobytes())
    return checks.sparse(form, "sparse_values")


_Lists = tuple[npt.NDArray[Any], npt.NDArray[np.int64], npt.NDArray[np.int64]]


def _lists(column: pa.Array) -> _Lists:
    """All values (a missing one is not a number), and of each row where its own start and end."""
    if pa.types.is_fixed_size_list(column.type):
        width = column.type.list_size
        starts = (np.arange(len(column), dtype=np.int64) + column.offset) * width
        lengths = np.full(len(column), width, np.int64)
    else:
        offsets = column.offsets.to_numpy(zero_copy_only=False).astype(np.int64)
        starts, lengths = offsets[:-1], np.diff(offsets)
    return column.values.to_numpy(zero_copy_only=False), starts, lengths


def _slice(lists: _Lists, row: int) -> npt.NDArray[Any]:
    values, starts, lengths = lists
    return values[starts[row] : starts[row] + lengths[row]]


def _as_float32(values: npt.NDArray[Any]) -> Float32:
    with np.errstate(over="ignore", invalid="ignore"):
        return values.astype("<f4", copy=False)


def _nulls(column: pa.Array) -> Mask:
    found: Mask = column.is_null().to_numpy(zero_copy_only=False)
    return found


def _raw_texts(column: pa.Array) -> list[bytes | None]:
    """As bytes: nobody has checked yet that they are UTF-8."""
    if pa.types.is_null(column.type):
        return [None] * len(column)
    is_large = pa.types.is_large_string(column.type)
    found: list[bytes | None] = column.view(
        pa.large_binary() if is_large else pa.binary()
    ).to_pylist()
    return found


def _guard(rows: _Rows, row: int, check: Callable[[], T]) -> T | None:
    try:
        return check()
    except InvalidArgument as error:
        rows.refuse(row, error.message)
        return None


def _column(values: Sequence[T | None], rows: list[int]) -> list[T | None]:
    """The values of those rows; an empty list where there is none at all."""
    chosen = [values[row] for row in rows] if values else []
    return chosen if any(value is not None for value in chosen) else []
