"""The wire's limits, checked in one place for both faces; every refusal names what it refuses.

Names in messages are those of the REST face, which the documentation of clients uses too.
"""

import re
from collections.abc import Sequence
from math import isfinite
from typing import Any

import msgspec
import numpy as np

from dataplane.engine.messages import SparseVector
from dataplane.engine.metadata import MAX_METADATA_BYTES
from kit.errors import InvalidArgument
from protocol.forms import SparseForm
from protocol.replies import DEFAULT_NAMESPACE

MAX_IDS = 1000
_MAX_NONZEROS = 2048
_MAX_CANDIDATES = 100_000
_MAX_SCHEMA_FIELDS = 50
SMALLEST_NONZERO = 1e-8

_is_id = re.compile(r"[\x01-\x7f]{1,512}").fullmatch
_is_namespace = re.compile(r"[\x20-\x7e]{0,512}").fullmatch
_encode = msgspec.json.Encoder().encode


def namespace(name: str) -> str:
    """ "" for the default namespace, whichever of its two names was used."""
    if name in ("", DEFAULT_NAMESPACE):
        return ""
    if not _is_namespace(name):
        raise InvalidArgument("A namespace has up to 512 printable ASCII characters.")
    return name


def record_id(id_: str, where: str) -> str:
    if not _is_id(id_):
        raise InvalidArgument(f"{where} must have 1 to 512 ASCII characters.")
    return id_


def record_ids(ids: Sequence[str]) -> list[str]:
    """1 to 1000 of them, each once, in the order in which they were first named."""
    if not 1 <= len(ids) <= MAX_IDS:
        raise InvalidArgument(f"ids must hold 1 to {MAX_IDS} ids; the request holds {len(ids)}.")
    for position, id_ in enumerate(ids):
        record_id(id_, f"ids[{position}]")
    return list(dict.fromkeys(ids))


def prefix(text: str) -> str:
    return record_id(text, "prefix") if text else ""


def limit(value: int | None, *, largest: int) -> int:
    if value is None:
        return 100
    if not 1 <= value <= largest:
        raise InvalidArgument(f"limit must be between 1 and {largest}; it is {value}.")
    return value


def scan_factor(value: float | None) -> None:
    """Not kept: no index here has lists of which more or fewer could be scanned."""
    if value is not None and not 0.5 <= value <= 4:
        raise InvalidArgument(f"scanFactor must be between 0.5 and 4; it is {value}.")


def max_candidates(value: int | None) -> None:
    """Not kept either: as many candidates are compared exactly as full recall needs."""
    if value is not None and not 1 <= value <= _MAX_CANDIDATES:
        raise InvalidArgument(
            f"maxCandidates must be between 1 and {_MAX_CANDIDATES}; it is {value}."
        )


def filter_bytes(condition: dict[str, Any] | None) -> bytes | None:
    """The filter as JSON; an empty one filters nothing. Its meaning is the engine's to judge."""
    return _encode(condition) if condition else None


def needed_filter(condition: dict[str, Any] | None) -> bytes:
    encoded = filter_bytes(condition)
    if encoded is None:
        raise InvalidArgument("filter must hold at least one condition.")
    return encoded


def metadata_bytes(metadata: dict[str, Any] | None, where: str) -> bytes | None:
    """Flat metadata as compact JSON; None where there is none."""
    if not metadata:
        return None
    kept = {name: _metadata_value(value, name, where) for name, value in metadata.items()}
    encoded = _encode(kept)
    if len(encoded) > MAX_METADATA_BYTES:
        raise InvalidArgument(
            f"{where} is {len(encoded)} bytes; the limit is {MAX_METADATA_BYTES} bytes per record."
        )
    return encoded


def schema_bytes(schema: dict[str, bool] | None) -> bytes | None:
    if schema is None:
        return None
    if len(schema) > _MAX_SCHEMA_FIELDS:
        raise InvalidArgument(f"A schema has at most {_MAX_SCHEMA_FIELDS} fields.")
    for name, is_filterable in schema.items():
        if not name or name.startswith("$") or not is_filterable:
            raise InvalidArgument(
                f"schema.fields.{name[:80]}: a field needs a name that does not start with '$', "
                "and filterable must be true."
            )
    return _encode({"fields": {name: {"filterable": True} for name in schema}})


def dense(raw: bytes, dimension: int | None, where: str, *, may_be_zero: bool) -> bytes:
    """One dense vector of the index's dimension, finite, and unless allowed not all zeros."""
    if may_be_zero and dimension is not None and len(raw) == 4 * dimension:
        row = np.frombuffer(raw, "<f4")
        # A sum is finite only where all its terms are; one that overflows is looked at again.
        if isfinite(row.dot(row)):
            return raw
    matrix([raw], dimension, where, may_be_zero=may_be_zero)
    return raw


def matrix(
    rows: Sequence[bytes], dimension: int | None, where: str, *, may_be_zero: bool = False
) -> bytes:
    """All rows in one piece; `where` names a row, with "{}" for its number."""
    if dimension is None:
        raise InvalidArgument(
            f"{where.format(0)}: this is a sparse index; send sparseValues instead of values."
        )
    for number, row in enumerate(rows):
        if len(row) != 4 * dimension:
            _refuse_dimension(len(row) // 4, dimension, where.format(number))
    joined = b"".join(rows)
    table = np.frombuffer(joined, dtype="<f4").reshape(len(rows), dimension)
    is_finite = np.isfinite(table)
    if not is_finite.all():
        row_number, column = np.argwhere(~is_finite)[0]
        _refuse_number(f"{where.format(row_number)}[{column}]")
    if not may_be_zero:
        is_empty = ~(np.abs(table) >= SMALLEST_NONZERO).any(axis=1)
        if is_empty.any():
            raise InvalidArgument(
                "Dense vectors must contain at least one non-zero value: "
                f"{where.format(int(is_empty.argmax()))} holds only zeros."
            )
    return joined


def sparse(form: SparseForm | None, where: str) -> SparseVector | None:
    """Sorted by index; each index once, as many values as indices, all finite."""
    if form is None:
        return None
    indices, values = np.frombuffer(form.indices, "<u4"), np.frombuffer(form.values, "<f4")
    if len(indices) != len(values):
        raise InvalidArgument(
            f"{where}: there are {len(indices)} indices but {len(values)} values."
        )
    if len(indices) > _MAX_NONZEROS:
        raise InvalidArgument(f"{where} has {len(indices)} values; the limit is {_MAX_NONZEROS}.")
    is_finite = np.isfinite(values)
    if not is_finite.all():
        _refuse_number(f"{where}.values[{int((~is_finite).argmax())}]")
    order = np.argsort(indices, kind="stable")
    indices = indices[order]
    is_repeated = indices[1:] == indices[:-1]
    if is_repeated.any():
        raise InvalidArgument(
            f"{where}: the index {indices[1:][is_repeated][0]} stands there more than once."
        )
    return SparseVector(indices.tobytes(), values[order].tobytes())


def _metadata_value(value: Any, name: str, where: str) -> Any:
    if name.startswith("$"):
        raise InvalidArgument(f"{where}: the field name {name[:80]!r} must not start with '$'.")
    kind = type(value)
    if kind is str or kind is bool:
        return value
    if kind is int:
        # All metadata numbers are doubles; whole ones stay whole as far as 64 bits reach.
        return value if -(2**63) <= value < 2**64 else _as_double(value, name, where)
    if kind is float and isfinite(value):
        return value
    if kind is list and all(type(item) is str for item in value):
        return value
    raise InvalidArgument(
        f"{where}: the value of {name[:80]!r} must be a string, a finite number, a boolean "
        f"or a list of strings; it is {_called(value)}."
    )


def _called(value: Any) -> str:
    if value is None:
        return "null (leave the field out instead)"
    if isinstance(value, list):
        return "a list that holds something else"
    return "a nested object" if isinstance(value, dict) else repr(value)


def _as_double(value: int, name: str, where: str) -> float:
    try:
        return float(value)
    except OverflowError:
        raise InvalidArgument(
            f"{where}: the value of {name[:80]!r} is too large for a 64-bit float."
        ) from None


def _refuse_dimension(found: int, expected: int, where: str) -> None:
    message = f"Vector dimension {found} does not match the dimension of the index {expected}"
    raise InvalidArgument(f"{message} ({where})" if "[" in where else message)


def _refuse_number(where: str) -> None:
    raise InvalidArgument(f"{where} is not a finite number that a 32-bit float can hold.")
