"""Records as rows: which of their metadata fields get a column, and what stands in the cells."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from protocol.from_reply import Record

_COLUMNS = 4
_MANY_WORDS = 18
_MAX_TEXT = 160


@dataclass(frozen=True, slots=True)
class Cell:
    """`kind` is "text", "tag" or "num"; empty where the record has no such field."""

    label: str
    text: str
    kind: str


@dataclass(frozen=True, slots=True)
class Row:
    """`share` is how much of a score bar is filled, from 0 to 100; `moved` how a match stands
    beside another query's: "+2", "−1", "new" or nothing."""

    record: Record
    cells: list[Cell]
    place: int = 0
    share: float = 0.0
    moved: str = ""


def columns_of(records: Sequence[Record], most: int = _COLUMNS) -> list[str]:
    """The fields that most records have, longer texts first."""
    held: Counter[str] = Counter()
    lengths: Counter[str] = Counter()
    for record in records:
        for name, value in (record.metadata or {}).items():
            held[name] += 1
            lengths[name] = max(lengths[name], len(text_of(value)))
    chosen = [name for name, _ in held.most_common(most)]
    return sorted(chosen, key=lambda name: (lengths[name] <= _MANY_WORDS, chosen.index(name)))


def rows_of(records: Sequence[Record], columns: Sequence[str]) -> list[Row]:
    return [Row(record, cells_of(record, columns)) for record in records]


def cells_of(record: Record, columns: Sequence[str]) -> list[Cell]:
    metadata = record.metadata or {}
    return [_cell(name, metadata.get(name)) for name in columns]


def _cell(name: str, value: Any) -> Cell:
    text = "" if value is None else text_of(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return Cell(name, text, "num")
    return Cell(name, text[:_MAX_TEXT], "text" if len(text) > _MANY_WORDS or not text else "tag")


def text_of(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return json.dumps(value)
