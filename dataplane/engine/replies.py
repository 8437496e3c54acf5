"""Rows of a part as the records and matches of a reply."""

from dataplane.engine import messages
from dataplane.engine.part import Part
from dataplane.engine.search import Hit
from dataplane.engine.sparse import to_message

_BYTES_PER_QUERY_UNIT = 10**9
_RECORDS_PER_FETCH_UNIT = 10


def record_at(part: Part, row: int) -> messages.Record:
    return messages.Record(
        part.ids[row],
        part.vectors[row].tobytes(),
        to_message(part.sparse.row(row)),
        part.metadata(row),
    )


def match_of(hit: Hit, request: messages.Query) -> messages.Match:
    """The hit with what the request wants to see of it."""
    part, row = hit.part, hit.row
    has_values, has_metadata = request.include_values, request.include_metadata
    return messages.Match(
        part.ids[row],
        hit.score,
        part.vectors[row].tobytes() if has_values else b"",
        to_message(part.sparse.row(row)) if has_values else None,
        part.metadata(row) if has_metadata else None,
    )


def query_units(size_bytes: int) -> int:
    """One for each started gigabyte of the namespace."""
    return max(1, -(-size_bytes // _BYTES_PER_QUERY_UNIT))


def fetch_units(record_count: int) -> int:
    """One for each started ten records."""
    return max(1, -(-record_count // _RECORDS_PER_FETCH_UNIT))
