"""Events as lines of a file: JSON Lines, or CSV that no spreadsheet runs as formulas."""

import csv
import io
import json
from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import Any

from audit.models import Event
from audit.shape import to_json
from kit.errors import InvalidArgument
from kit.spreadsheets import inert


class ExportForm(StrEnum):
    CSV = "csv"
    JSONL = "jsonl"


CONTENT_TYPES = {ExportForm.CSV: "text/csv; charset=utf-8", ExportForm.JSONL: "application/jsonl"}
_COLUMNS = (
    "sequence", "time", "name", "outcome", "reason", "error_code", "principal_type",
    "principal_id", "principal_name", "resource_type", "resource_id", "resource_name",
    "project_id", "ip", "user_agent", "source", "request_id", "parameters", "id", "hash",
)  # fmt: skip


def parse_form(text: str) -> ExportForm:
    try:
        return ExportForm(text)
    except ValueError:
        raise InvalidArgument("An export is made as csv or as jsonl.", field="format") from None


def lines(events: Iterable[Event], form: ExportForm) -> Iterator[bytes]:
    """Each with its end; of a CSV the first one names the columns."""
    if form is ExportForm.CSV:
        yield _csv_line(_COLUMNS)
    for event in events:
        shape = to_json(event)
        yield json_line(shape) if form is ExportForm.JSONL else _csv_line(_cells(shape))


def json_line(shape: dict[str, Any]) -> bytes:
    return json.dumps(shape, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _cells(shape: dict[str, Any]) -> list[str]:
    act, actor, client = shape["event"], shape["actor"], shape["client"]
    flat = {**shape, **act, **act["outcome"], **actor, **client}
    flat["outcome"], flat["user_agent"] = shape["outcome"], client["userAgent"]
    flat["parameters"] = json.dumps(act["parameters"], ensure_ascii=False)
    return [inert("" if flat[name] is None else str(flat[name])) for name in _COLUMNS]


def _csv_line(cells: Iterable[str]) -> bytes:
    line = io.StringIO()
    csv.writer(line).writerow(cells)
    return line.getvalue().encode()
