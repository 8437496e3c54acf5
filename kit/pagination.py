"""Lists page by page: rows by their ids, each page after the last id of the one before."""

from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from kit.errors import OutOfRange

MAX_LIMIT = 100


class _Row(Protocol):
    @property
    def pk(self) -> Any: ...


Row = TypeVar("Row", bound=_Row)


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """Some rows; `next_after` is where the next page begins, None on the last one."""

    rows: list[Row]
    next_after: Any


def checked_limit(limit: int) -> int:
    """How many rows a page may hold; raises `OutOfRange`."""
    if not 1 <= limit <= MAX_LIMIT:
        raise OutOfRange(f"limit must be between 1 and {MAX_LIMIT}.", field="limit")
    return limit


def page_of(found: list[Row], limit: int) -> Page[Row]:
    """The page of up to `limit` rows; `found` holds one more where more follow."""
    rows = found[:limit]
    return Page(rows, rows[-1].pk if len(found) > limit else None)
