"""A sample of records as points on a plane: into which groups a field divides them, and how each
group is marked, by shape as well as by colour."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from console.record_table import cells_of, columns_of, text_of
from indexes.projection import Projection
from protocol.from_reply import Record

# Outlines in a box of ten by ten.
_DISC = "M5 .7A4.3 4.3 0 1 1 5 9.3A4.3 4.3 0 1 1 5 .7Z"
_MARKS = (
    _DISC,
    "M1.2 1.2H8.8V8.8H1.2Z",
    "M5 .8L9.6 8.9H.4Z",
    "M5 .1L9.9 5L5 9.9L.1 5Z",
    "M3.5 .5H6.5V3.5H9.5V6.5H6.5V9.5H3.5V6.5H.5V3.5H3.5Z",
    "M5 9.2L.4 1.1H9.6Z",
)
_TONES = (1, 2, 3, 4, 5, 7)
_GREY = 6
_OTHERS_MARK, _NONE_MARK = "M.6 3.4H9.4V6.6H.6Z", "M3.4 .6H6.6V9.4H3.4Z"
OTHERS, NONE, ALL = "other values", "no value", "records"
_COLUMNS = 4
_DIGITS = 4
_MAX_LABEL = 60


@dataclass(frozen=True, slots=True)
class Kind:
    """Points that look alike. `filter` finds their records in the browser, where one can."""

    label: str
    tone: int
    mark: str
    filter: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """`centre` are the means on both axes, `spread` the mean distance from there; `typical` is the
    record nearest to the centre."""

    kind: Kind
    count: int
    centre: tuple[float, float]
    spread: float
    typical: Record


@dataclass(frozen=True, slots=True)
class RecordMap:
    """`drawn` is what the browser draws: of each point place, kind, id and cells."""

    groups: list[Group]
    drawn: dict[str, Any]


def best_field(records: Sequence[Record]) -> str:
    """The field that most records have and that divides them into a few kinds; empty for none."""
    held: dict[str, Counter[str]] = {}
    for record in records:
        for name, value in (record.metadata or {}).items():
            held.setdefault(name, Counter())[text_of(value)] += 1
    fit = [name for name, counted in held.items() if 2 <= len(counted) <= len(_TONES)]
    return max(fit, key=lambda name: (held[name].total(), len(held[name])), default="")


def map_of(projection: Projection, field: str) -> RecordMap:
    """`field` divides the points; without one they all look alike."""
    records = projection.records
    kinds, numbers = _divided(records, field)
    columns = columns_of(records, _COLUMNS)
    points = [
        [*place, number, record.id, [cell.text for cell in cells_of(record, columns)]]
        for record, number, place in zip(
            records, numbers, projection.places.round(_DIGITS).tolist(), strict=True
        )
    ]
    groups = [_group(kind, projection, numbers, number) for number, kind in enumerate(kinds)]
    marks = [kind.mark for kind in kinds]
    return RecordMap(groups, {"columns": columns, "marks": marks, "points": points})


def _group(kind: Kind, projection: Projection, numbers: Sequence[int], number: int) -> Group:
    chosen = [at for at, one in enumerate(numbers) if one == number]
    places = projection.places[chosen]
    centre = places.mean(axis=0)
    distances = np.linalg.norm(places - centre, axis=1)
    typical = projection.records[chosen[int(distances.argmin())]]
    x, y = centre.round(2).tolist()
    return Group(kind, len(chosen), (x, y), round(float(distances.mean()), 2), typical)


def _divided(records: Sequence[Record], field: str) -> tuple[list[Kind], list[int]]:
    """The kinds there are, and which one each record is of."""
    if not field:
        return [Kind(ALL, _TONES[0], _DISC)], [0] * len(records)
    values = [(record.metadata or {}).get(field) for record in records]
    present = [value for value in values if value is not None]
    if _are_numbers(present) and len(set(present)) > len(_TONES):
        kinds, numbers = _by_range(values, field)
    else:
        kinds, numbers = _by_value(values, field)
    if len(present) < len(values):
        kinds.append(Kind(NONE, _GREY, _NONE_MARK, _written(field, {"$exists": False})))
    return kinds, numbers


def _by_value(values: Sequence[Any], field: str) -> tuple[list[Kind], list[int]]:
    """The most frequent values, the others together, and past these those without."""
    counted = Counter(text_of(value) for value in values if value is not None)
    named = [text for text, _ in counted.most_common(len(_TONES))]
    example = {text_of(value): value for value in values if value is not None}
    kinds = [
        Kind(text[:_MAX_LABEL], tone, mark, _is_value(field, example[text]))
        for text, tone, mark in zip(named, _TONES, _MARKS, strict=False)
    ]
    if len(counted) > len(named):
        kinds.append(Kind(OTHERS, _GREY, _OTHERS_MARK))
    number_of = {text: number for number, text in enumerate(named)}
    others = len(named)
    numbers = [
        len(kinds) if value is None else number_of.get(text_of(value), others) for value in values
    ]
    return kinds, numbers


def _by_range(values: Sequence[Any], field: str) -> tuple[list[Kind], list[int]]:
    """Ranges of about as many records each."""
    present = np.array([value for value in values if value is not None], dtype=np.float64)
    shares = np.linspace(0, 1, len(_TONES))[1:-1]
    edges = np.unique(np.quantile(present, shares, method="higher"))
    held = np.digitize(present, edges)
    used = sorted(set(held.tolist()))
    kinds = []
    for number, tone, mark in zip(used, _TONES, _MARKS, strict=False):
        own = present[held == number]
        least, most = _number(own.min()), _number(own.max())
        label = f"{text_of(least)} to {text_of(most)}"
        kinds.append(Kind(label, tone, mark, _written(field, {"$gte": least, "$lte": most})))
    place = {number: at for at, number in enumerate(used)}
    ranges = iter(held.tolist())
    return kinds, [len(kinds) if value is None else place[next(ranges)] for value in values]


def _is_value(field: str, value: Any) -> str:
    """A list of strings matches by each of its members, so none finds just that list."""
    return "" if isinstance(value, list) else _written(field, {"$eq": value})


def _written(field: str, condition: dict[str, Any]) -> str:
    return json.dumps({field: condition}, ensure_ascii=False)


def _are_numbers(values: Sequence[Any]) -> bool:
    return all(isinstance(value, int | float) and not isinstance(value, bool) for value in values)


def _number(value: float) -> float | int:
    return int(value) if float(value).is_integer() else float(value)
