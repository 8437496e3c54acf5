"""Rows of a part as the records and matches of a reply, which must not grow too large."""

from collections.abc import Iterable

from dataplane.engine import messages
from dataplane.engine.part import Part
from dataplane.engine.search import Hit
from dataplane.engine.sparse import to_message
from kit.errors import InvalidArgument

MAX_QUERY_BYTES = 4 * 1024 * 1024
MAX_FETCH_BYTES = 32 * 1024 * 1024


def matches_of(hits: Iterable[Hit], request: messages.Query) -> list[messages.Match]:
    """All hits as matches. Raises `InvalidArgument` as soon as they are too large together."""
    found, size = [], 0
    has_values, has_metadata = request.include_values, request.include_metadata
    for part, row, score in hits:
        metadata = part.metadata(row) if has_metadata else None
        values, sparse = b"", None
        if has_values:
            values, sparse = part.vectors[row].tobytes(), to_message(part.sparse.row(row))
        match = messages.Match(part.ids[row], score, values, sparse, metadata)
        size += byte_count(match)
        if size > MAX_QUERY_BYTES:
            raise InvalidArgument(
                f"The result of the query is over the limit of {MAX_QUERY_BYTES} bytes: use a "
                "smaller topK, or ask without values or metadata and fetch what you need by id."
            )
        found.append(match)
    return found


def records_at(places: Iterable[tuple[Part, int]]) -> list[messages.Record]:
    """All records. Raises `InvalidArgument` as soon as they are too large together."""
    found, size = [], 0
    for part, row in places:
        record = record_at(part, row)
        size += byte_count(record)
        if size > MAX_FETCH_BYTES:
            raise InvalidArgument(
                f"The records are over the limit of {MAX_FETCH_BYTES} bytes for one reply: name "
                "fewer ids, or ask for a smaller page with limit."
            )
        found.append(record)
    return found


def byte_count(row: messages.Match | messages.Record) -> int:
    size = len(row.id) + len(row.values)
    if row.metadata is not None:
        size += len(row.metadata)
    if row.sparse is not None:
        size += len(row.sparse.indices) + len(row.sparse.values)
    return size


def record_at(part: Part, row: int) -> messages.Record:
    return messages.Record(
        part.ids[row],
        part.vectors[row].tobytes(),
        to_message(part.sparse.row(row)),
        part.metadata(row),
    )
