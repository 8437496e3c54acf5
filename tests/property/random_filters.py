"""Filters and metadata by the thousand, from a seed and without a strategy's overhead."""

import random
from typing import Any

FIELDS = ("year", "genre", "größe", "seen", "tags", "never")
STRINGS = ("1", "true", "", "drama", "Drama", "döner", "漢", "null")
NUMBERS = (
    -1, 0, 1, 2, 0.5, -0.0, 1.5, 3, 2**53, 2**53 + 1, -(2**53) - 1, 1e300, -1e300, 5e-324,
)  # fmt: skip
_COMPARISONS = ("$gt", "$gte", "$lt", "$lte")


def random_metadata(choose: random.Random) -> dict[str, Any]:
    """Any field may be missing, and hold a value of any kind: types may be mixed."""
    return {field: _value(choose) for field in FIELDS if field != "never" and choose.random() < 0.6}


def random_filter(choose: random.Random, depth: int = 4) -> dict[str, Any]:
    """One to three clauses, nested up to `depth` levels."""
    clauses = [_clause(choose, depth) for _ in range(choose.choice((1, 1, 1, 2, 3)))]
    return {key: condition for clause in clauses for key, condition in clause.items()}


def _clause(choose: random.Random, depth: int) -> dict[str, Any]:
    if depth > 1 and choose.random() < 0.5:
        parts = [random_filter(choose, depth - 1) for _ in range(choose.randint(1, 3))]
        return {choose.choice(("$and", "$or")): parts}
    if choose.random() < 0.15:
        return {choose.choice(FIELDS): _scalar(choose)}
    operators = [_operator(choose) for _ in range(choose.choice((1, 1, 1, 2)))]
    return {choose.choice(FIELDS): dict(operators)}


def _operator(choose: random.Random) -> tuple[str, Any]:
    kind = choose.random()
    if kind < 0.3:
        return choose.choice(("$eq", "$ne")), _scalar(choose)
    if kind < 0.6:
        return choose.choice(_COMPARISONS), choose.choice(NUMBERS)
    if kind < 0.85:
        values = [_scalar(choose) for _ in range(choose.randint(0, 4))]
        return choose.choice(("$in", "$nin")), values
    return "$exists", choose.random() < 0.5


def _scalar(choose: random.Random) -> str | float | bool:
    kind = choose.random()
    if kind < 0.4:
        return choose.choice(STRINGS)
    return choose.choice(NUMBERS) if kind < 0.8 else choose.random() < 0.5


def _value(choose: random.Random) -> Any:
    if choose.random() < 0.25:
        return [choose.choice(STRINGS) for _ in range(choose.randint(0, 3))]
    return _scalar(choose)
