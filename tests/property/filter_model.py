"""The filter language read straight from its JSON, record by record."""

from typing import Any


def holds(filter_: Any, metadata: dict[str, Any]) -> bool:
    """Every key of the filter holds for the record's metadata."""
    return all(_clause(key, condition, metadata) for key, condition in filter_.items())


def _clause(key: str, condition: Any, metadata: dict[str, Any]) -> bool:
    if key in {"$and", "$or"}:
        return (all if key == "$and" else any)(holds(part, metadata) for part in condition)
    operators = condition if isinstance(condition, dict) else {"$eq": condition}
    return all(_operator(name, metadata.get(key), wanted) for name, wanted in operators.items())


def _operator(name: str, value: Any, wanted: Any) -> bool:
    elements = value if isinstance(value, list) else [value]
    if name == "$exists":
        return (value is not None) is wanted
    if name in {"$ne", "$nin"}:
        return not _operator({"$ne": "$eq", "$nin": "$in"}[name], value, wanted)
    if name in {"$eq", "$in"}:
        options = wanted if name == "$in" else [wanted]
        return any(_same(element, option) for element in elements for option in options)
    numbers = [float(x) for x in elements if isinstance(x, (int, float)) and type(x) is not bool]
    compare = {"$gt": "__gt__", "$gte": "__ge__", "$lt": "__lt__", "$lte": "__le__"}[name]
    return any(getattr(number, compare)(float(wanted)) for number in numbers)


def _same(a: Any, b: Any) -> bool:
    if isinstance(a, (str, bool)) or isinstance(b, (str, bool)) or a is None:
        return type(a) is type(b) and a == b and a is not None
    return float(a) == float(b)
