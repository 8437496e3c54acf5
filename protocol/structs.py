"""google.protobuf.Struct to plain values and back."""

from math import isfinite
from typing import Any

from google.protobuf.struct_pb2 import Struct, Value

from kit.errors import InvalidArgument

_MAX_DEPTH = 64
# Whole numbers up to here are exact as doubles, and are told as integers to REST clients.
_MAX_EXACT = 2.0**53


def plain(struct: Struct) -> dict[str, Any]:
    """The struct's values; numbers that are whole come as ints, so that JSON shows 1, not 1.0.

    NaN and infinities raise InvalidArgument: JSON has no form for them.
    """
    return {name: _plain_value(value, name, 1) for name, value in struct.fields.items()}


def fill(struct: Struct, values: dict[str, Any]) -> None:
    """Put the values of decoded metadata JSON into an empty struct."""
    struct.update(values)


def _plain_value(value: Value, name: str, depth: int) -> Any:
    kind = value.WhichOneof("kind")
    if kind == "string_value":
        return value.string_value
    if kind == "number_value":
        return _plain_number(value.number_value, name)
    if kind == "bool_value":
        return value.bool_value
    if depth == _MAX_DEPTH:
        raise InvalidArgument(f"{name}: values are nested too deeply.")
    if kind == "list_value":
        return [_plain_value(item, name, depth + 1) for item in value.list_value.values]
    if kind == "struct_value":
        return {
            inner: _plain_value(item, f"{name}.{inner}", depth + 1)
            for inner, item in value.struct_value.fields.items()
        }
    return None


def _plain_number(number: float, name: str) -> int | float:
    if not isfinite(number):
        raise InvalidArgument(f"{name}: {number} is not a finite number.")
    if number.is_integer() and abs(number) <= _MAX_EXACT:
        return int(number)
    return number
