"""The metadata filter language: JSON in, a small typed expression out.

At the top level stand `field: condition`, `$and` and `$or`. Several fields, and several operators
on one field, all have to hold. Numbers are float64: 1 equals 1.0, but neither equals true or "1".
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import orjson

from kit.errors import InvalidArgument

MAX_DEPTH = 32
MAX_CLAUSES = 1_000
MAX_VALUES = 10_000

Scalar: TypeAlias = str | float | bool


@dataclass(frozen=True, slots=True)
class AnyOf:
    """The field, or an element of its list, equals one of the values."""

    field: str
    values: tuple[Scalar, ...]


@dataclass(frozen=True, slots=True)
class Range:
    """The field is a number between the bounds; a bound is part of the range unless open."""

    field: str
    low: float = -math.inf
    high: float = math.inf
    is_low_open: bool = False
    is_high_open: bool = False


@dataclass(frozen=True, slots=True)
class Exists:
    field: str


@dataclass(frozen=True, slots=True)
class Not:
    """Also holds for records that lack the field."""

    inner: "Expression"


@dataclass(frozen=True, slots=True)
class AllHold:
    """Every part holds; without parts, every record matches."""

    parts: tuple["Expression", ...]


@dataclass(frozen=True, slots=True)
class AnyHolds:
    parts: tuple["Expression", ...]


Expression: TypeAlias = AnyOf | Range | Exists | Not | AllHold | AnyHolds


def parse(filter_json: bytes) -> Expression:
    """The expression; `{}` matches everything. Raises `InvalidArgument` naming what is wrong."""
    try:
        tree = orjson.loads(filter_json)
    except orjson.JSONDecodeError as error:
        raise InvalidArgument(f"The filter is not valid JSON: {error}.") from error
    if not isinstance(tree, dict):
        raise InvalidArgument('A filter is a JSON object, such as {"genre": {"$eq": "drama"}}.')
    return _Parser().clauses(tree, depth=1)


class _Parser:
    """Counts conditions and depth, so that a hostile filter costs no more than a large one.

    Expressions that mean the same are one object: what evaluates them needs to do it only once.
    """

    def __init__(self) -> None:
        self._clause_count = 0
        self._known: dict[tuple[object, ...], Expression] = {}

    def clauses(self, tree: dict[str, Any], *, depth: int) -> Expression:
        if depth > MAX_DEPTH:
            raise InvalidArgument(f"A filter is nested at most {MAX_DEPTH} levels deep.")
        return self._all_hold([self._clause(key, value, depth) for key, value in tree.items()])

    def _clause(self, key: str, value: Any, depth: int) -> Expression:
        if key in {"$and", "$or"}:
            self._count()
            parts = self._branches(key, value, depth)
            return self._all_hold(parts) if key == "$and" else self._joined(AnyHolds, parts)
        if key.startswith("$"):
            raise InvalidArgument(
                f"The operator {key} cannot stand outside a field: only $and and $or can."
            )
        return self._condition(key, value)

    def _branches(self, key: str, value: Any, depth: int) -> list[Expression]:
        if not isinstance(value, list) or not value:
            raise InvalidArgument(f"The operator {key} needs a list of at least one condition.")
        for branch in value:
            if not isinstance(branch, dict) or not branch:
                raise InvalidArgument(f"Every element of {key} is a JSON object with a condition.")
        return [self.clauses(branch, depth=depth + 1) for branch in value]

    def _condition(self, field: str, value: Any) -> Expression:
        if not isinstance(value, dict):
            self._count()
            return self._known_as(_equal("$eq", field, value))
        if not value:
            raise InvalidArgument(f'The field "{field}" has no operator: use for example $eq.')
        parts = []
        for operator, operand in value.items():
            self._count()
            build = _OPERATORS.get(operator)
            if build is None:
                raise InvalidArgument(
                    f'The operator {operator} of the field "{field}" is unknown: '
                    f"use one of {', '.join(_OPERATORS)}."
                )
            parts.append(self._known_as(build(operator, field, operand)))
        return self._all_hold(parts)

    def _all_hold(self, parts: list[Expression]) -> Expression:
        return self._joined(AllHold, parts)

    def _joined(self, kind: type[AllHold | AnyHolds], parts: list[Expression]) -> Expression:
        """Each part once; the parts are known already, so that their identity tells them apart."""
        distinct = {id(part): part for part in parts}
        if len(distinct) == 1:
            return parts[0]
        return self._known.setdefault((kind, *distinct), kind(tuple(distinct.values())))

    def _known_as(self, leaf: Expression) -> Expression:
        """The leaf, or the one that came before it and means the same."""
        return self._known.setdefault(_key(leaf), leaf)

    def _count(self) -> None:
        self._clause_count += 1
        if self._clause_count > MAX_CLAUSES:
            raise InvalidArgument(f"A filter has at most {MAX_CLAUSES} conditions.")


def _key(leaf: Expression) -> tuple[object, ...]:
    """Equal for leaves that mean the same; in Python, true equals 1."""
    match leaf:
        case AnyOf(field, values):
            return AnyOf, field, values, tuple(map(type, values))
        case Not(inner):
            return Not, *_key(inner)
        case _:
            return type(leaf), leaf


def _scalar(operator: str, field: str, operand: Any) -> Scalar:
    if isinstance(operand, (str, bool)):
        return operand
    if isinstance(operand, (int, float)):
        return float(operand)
    raise InvalidArgument(
        f'The operator {operator} of the field "{field}" needs a string, a number or a boolean, '
        f"not {_kind(operand)}."
    )


def _equal(operator: str, field: str, operand: Any) -> Expression:
    return AnyOf(field, (_scalar(operator, field, operand),))


def _not_equal(operator: str, field: str, operand: Any) -> Expression:
    return Not(_equal(operator, field, operand))


def _is_in(operator: str, field: str, operand: Any) -> Expression:
    if not isinstance(operand, list):
        raise InvalidArgument(
            f'The operator {operator} of the field "{field}" needs a list, not {_kind(operand)}.'
        )
    if len(operand) > MAX_VALUES:
        raise InvalidArgument(
            f'The operator {operator} of the field "{field}" has {len(operand)} values: '
            f"at most {MAX_VALUES} are allowed."
        )
    return AnyOf(field, tuple(_scalar(operator, field, value) for value in operand))


def _is_not_in(operator: str, field: str, operand: Any) -> Expression:
    return Not(_is_in(operator, field, operand))


def _exists(operator: str, field: str, operand: Any) -> Expression:
    if not isinstance(operand, bool):
        raise InvalidArgument(
            f'The operator {operator} of the field "{field}" needs true or false, '
            f"not {_kind(operand)}."
        )
    return Exists(field) if operand else Not(Exists(field))


def _compare(operator: str, field: str, operand: Any) -> Expression:
    if isinstance(operand, bool) or not isinstance(operand, (int, float)):
        raise InvalidArgument(
            f'The operator {operator} of the field "{field}" needs a number, not {_kind(operand)}.'
        )
    bound, is_open = float(operand), operator in {"$gt", "$lt"}
    if operator in {"$gt", "$gte"}:
        return Range(field, low=bound, is_low_open=is_open)
    return Range(field, high=bound, is_high_open=is_open)


_OPERATORS: dict[str, Callable[[str, str, Any], Expression]] = {
    "$eq": _equal,
    "$ne": _not_equal,
    "$gt": _compare,
    "$gte": _compare,
    "$lt": _compare,
    "$lte": _compare,
    "$in": _is_in,
    "$nin": _is_not_in,
    "$exists": _exists,
}

_KINDS: dict[type, str] = {
    bool: "a boolean",
    dict: "an object",
    float: "a number",
    int: "a number",
    list: "a list",
    str: "a string",
}


def _kind(operand: Any) -> str:
    return _KINDS.get(type(operand), "null")
