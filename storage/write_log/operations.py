"""The operations that the log keeps, and their columnar bytes (before sealing)."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, TypeAlias

import msgspec
import numpy as np
import numpy.typing as npt

from kit.errors import DataLoss

Float32 = npt.NDArray[np.float32]
UInt32 = npt.NDArray[np.uint32]


class OperationCode(IntEnum):
    """As it stands in `log_batch.operation`; numbers are never given a second meaning."""

    UPSERT = 1
    DELETE = 2
    DELETE_ALL = 3
    UPDATE = 4


@dataclass(frozen=True, slots=True, eq=False)
class SparseVector:
    """`indices` uint32, strictly ascending; `values` float32 of the same count."""

    indices: UInt32
    values: Float32


@dataclass(frozen=True, slots=True, eq=False)
class UpsertOperation:
    """Whole records. `values` is (n, dimension), or (n, 0) on a sparse index; `sparse` and
    `metadata` (compact JSON) are as long as `ids`. Decoded arrays are read-only views."""

    ids: list[str]
    values: Float32
    sparse: list[SparseVector | None]
    metadata: list[bytes | None]


@dataclass(frozen=True, slots=True)
class DeleteOperation:
    """Ids that are not there are no error."""

    ids: list[str]


@dataclass(frozen=True, slots=True)
class DeleteAllOperation:
    """Every record of the namespace; the namespace stays."""


@dataclass(frozen=True, slots=True, eq=False)
class UpdateOperation:
    """The same patch for all `ids`: `values` (dimension,) and `sparse` replace, the keys of
    `set_metadata` (a JSON object) are merged. None leaves the part as it is."""

    ids: list[str]
    values: Float32 | None = None
    sparse: SparseVector | None = None
    set_metadata: bytes | None = None


Operation: TypeAlias = UpsertOperation | DeleteOperation | DeleteAllOperation | UpdateOperation

_CODES: dict[type, OperationCode] = {
    UpsertOperation: OperationCode.UPSERT,
    DeleteOperation: OperationCode.DELETE,
    DeleteAllOperation: OperationCode.DELETE_ALL,
    UpdateOperation: OperationCode.UPDATE,
}


def operation_code(operation: Operation) -> OperationCode:
    return _CODES[type(operation)]


def record_count(operation: Operation) -> int:
    """How many records the operation names. A delete of all counts as one, so that a log of
    nothing else gets covered and trimmed too."""
    return 1 if isinstance(operation, DeleteAllOperation) else len(operation.ids)


class _Header(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """`row_count` rows of `dimension` floats follow, then `sparse_counts` (int32, -1 for none)
    if `has_sparse`, then the indices and the values of all sparse rows."""

    ids: list[str]
    row_count: int
    dimension: int
    has_sparse: bool = False
    metadata: list[bytes | None] = []


_LENGTH = struct.Struct("<I")
_ALIGNMENT = 8
_NO_SPARSE = -1
_encode_header = msgspec.msgpack.Encoder().encode
_decode_header = msgspec.msgpack.Decoder(_Header).decode


def encode(operation: Operation) -> bytes:
    """The plaintext of a batch: header length, msgpack header, padding to 8, raw columns."""
    if isinstance(operation, UpsertOperation):
        header = _Header(
            operation.ids,
            *_matrix_shape(operation.values),
            any(row is not None for row in operation.sparse),
            operation.metadata,
        )
        return _assemble(header, operation.values, operation.sparse)
    if isinstance(operation, UpdateOperation):
        values = _row_matrix(operation.values)
        has_sparse = operation.sparse is not None
        metadata = [operation.set_metadata]
        header = _Header(operation.ids, *_matrix_shape(values), has_sparse, metadata)
        return _assemble(header, values, [operation.sparse])
    ids = operation.ids if isinstance(operation, DeleteOperation) else []
    return _assemble(_Header(ids, 0, 0), _row_matrix(None), [])


def decode(code: int, plaintext: bytes) -> Operation:
    """The operation. Raises `DataLoss` where authentic bytes are not what `encode` writes."""
    try:
        return _decode(OperationCode(code), plaintext)
    except (ValueError, IndexError, struct.error, msgspec.MsgspecError) as error:
        raise DataLoss(f"A batch of the write log is malformed: {error}.") from error


def _decode(code: OperationCode, plaintext: bytes) -> Operation:
    header, values, sparse = _disassemble(plaintext)
    if code is OperationCode.UPSERT:
        rows = len(header.ids)
        if not (header.row_count == len(header.metadata) == len(sparse) == rows):
            raise ValueError("its columns differ in length")
        return UpsertOperation(header.ids, values, sparse, header.metadata)
    if code is OperationCode.UPDATE:
        return UpdateOperation(
            header.ids, values[0] if header.row_count else None, sparse[0], header.metadata[0]
        )
    return DeleteOperation(header.ids) if code is OperationCode.DELETE else DeleteAllOperation()


def _matrix_shape(values: Float32) -> tuple[int, int]:
    rows, dimension = values.shape
    return rows, dimension


def _row_matrix(values: Float32 | None) -> Float32:
    return np.empty((0, 0), np.float32) if values is None else values.reshape(1, -1)


def _assemble(header: _Header, values: Float32, sparse: Sequence[SparseVector | None]) -> bytes:
    head = _encode_header(header)
    padding = bytes(-(_LENGTH.size + len(head)) % _ALIGNMENT)
    parts: list[bytes | memoryview] = [_LENGTH.pack(len(head)), head, padding, _raw(values, "<f4")]
    if header.has_sparse:
        counts = [_NO_SPARSE if row is None else row.indices.size for row in sparse]
        rows = [row for row in sparse if row is not None]
        parts.append(_raw(np.array(counts, np.int32), "<i4"))
        parts += [_raw(row.indices, "<u4") for row in rows]
        parts += [_raw(row.values, "<f4") for row in rows]
    return b"".join(parts)


def _raw(column: npt.NDArray[Any], form: str) -> memoryview:
    return np.ascontiguousarray(column, dtype=form).reshape(-1).view(np.uint8).data


def _disassemble(plaintext: bytes) -> tuple[_Header, Float32, list[SparseVector | None]]:
    (length,) = _LENGTH.unpack_from(plaintext)
    start = _LENGTH.size + length
    header = _decode_header(memoryview(plaintext)[_LENGTH.size : start])
    columns = _Columns(plaintext, start + -start % _ALIGNMENT)
    values = columns.take("<f4", header.row_count * header.dimension)
    matrix = values.reshape(header.row_count, header.dimension)
    sparse = _take_sparse(columns, len(header.metadata)) if header.has_sparse else None
    columns.finish()
    return header, matrix, sparse or [None] * len(header.metadata)


def _take_sparse(columns: "_Columns", rows: int) -> list[SparseVector | None]:
    counts = columns.take("<i4", rows)
    if counts.size and counts.min() < _NO_SPARSE:
        raise ValueError("a sparse row has a negative length")
    ends = np.cumsum(np.maximum(counts, 0), dtype=np.int64)
    total = int(ends[-1]) if rows else 0
    indices, values = columns.take("<u4", total), columns.take("<f4", total)
    spans = zip(counts.tolist(), ends.tolist(), strict=True)
    return [
        None if count == _NO_SPARSE else _slice(indices, values, end - count, end)
        for count, end in spans
    ]


def _slice(indices: UInt32, values: Float32, start: int, end: int) -> SparseVector:
    return SparseVector(indices[start:end], values[start:end])


class _Columns:
    """A cursor over the raw columns that refuses to run past the end or to stop before it."""

    def __init__(self, plaintext: bytes, start: int) -> None:
        self._plaintext = plaintext
        self._position = start

    def take(self, form: str, count: int) -> npt.NDArray[Any]:
        end = self._position + 4 * count
        if count < 0 or end > len(self._plaintext):
            raise ValueError("it is shorter than its header says")
        column = np.frombuffer(self._plaintext, form, count, self._position)
        self._position = end
        return column

    def finish(self) -> None:
        if self._position != len(self._plaintext):
            raise ValueError("it is longer than its header says")
