"""Texts of strangers, made fit for an event: short, and without characters that hide or break."""

import re
from typing import Any

_MAX_TEXT = 200
_MAX_ITEMS = 50
# Controls (PostgreSQL refuses NUL), line breaks, reversals of direction, halves of pairs.
_UNFIT = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def legible(text: str, *, limit: int = _MAX_TEXT) -> str:
    """The text as an event may hold it: never refused by the database, never over `limit`."""
    fit = _UNFIT.sub("\N{REPLACEMENT CHARACTER}", text[: limit + 1])
    return fit if len(fit) <= limit else f"{fit[: limit - 1]}…"


def legible_value(value: Any) -> Any:
    """A JSON value in which every text is legible and no list or mapping is long."""
    if isinstance(value, str):
        return legible(value)
    if isinstance(value, dict):
        first = list(value.items())[:_MAX_ITEMS]
        return {legible(str(key)): legible_value(item) for key, item in first}
    if isinstance(value, list | tuple):
        return [legible_value(item) for item in value[:_MAX_ITEMS]]
    return value
