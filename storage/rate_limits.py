"""What of an organization may be limited a second: the names that the operator and nodes share."""

from collections.abc import Mapping
from enum import StrEnum

from kit.errors import InvalidArgument

_MOST = 2**53


class RateLimit(StrEnum):
    """The last four are of an index as a whole, the others of one namespace of it."""

    QUERIES = "queries"
    UPSERTS = "upserts"
    UPDATES = "updates"
    DELETES = "deletes"
    FETCHES_BY_METADATA = "fetches-by-metadata"
    UPDATES_BY_METADATA = "updates-by-metadata"
    DELETES_BY_METADATA = "deletes-by-metadata"
    UPSERTED_BYTES = "upserted-bytes"
    DELETED_RECORDS = "deleted-records"
    FETCHES = "fetches"
    LISTS = "lists"
    STATISTICS = "statistics"
    QUERY_READ_UNITS = "query-read-units"


OF_INDEX = frozenset(
    {RateLimit.FETCHES, RateLimit.LISTS, RateLimit.STATISTICS, RateLimit.QUERY_READ_UNITS}
)

# Pinecone's own, as a preset; nobody has them unless the operator says so.
PINECONE_RATES: dict[RateLimit, int] = {
    RateLimit.QUERIES: 100,
    RateLimit.UPSERTS: 100,
    RateLimit.UPDATES: 100,
    RateLimit.DELETES: 100,
    RateLimit.FETCHES_BY_METADATA: 5,
    RateLimit.UPDATES_BY_METADATA: 5,
    RateLimit.DELETES_BY_METADATA: 5,
    RateLimit.UPSERTED_BYTES: 50_000_000,
    RateLimit.DELETED_RECORDS: 5_000,
    RateLimit.FETCHES: 100,
    RateLimit.LISTS: 200,
    RateLimit.STATISTICS: 100,
    RateLimit.QUERY_READ_UNITS: 2_000,
}


def parse_rates(given: Mapping[str, int]) -> dict[RateLimit, int]:
    """By name; raises `InvalidArgument` for one that there is not, and for what is no rate."""
    known = {str(limit): limit for limit in RateLimit}
    for name, rate in given.items():
        if name not in known:
            raise InvalidArgument(
                f"There is no rate limit {name!r}: choose one of {', '.join(known)}."
            )
        if not 1 <= rate <= _MOST:
            raise InvalidArgument(f"{name}: a rate is a whole number a second, from 1 up.")
    return {known[name]: rate for name, rate in given.items()}
