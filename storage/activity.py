"""What nodes report of how indexes are doing: requests, how long they took, errors, records, bytes.

Each report is added to rows of a minute, a quarter of an hour, an hour and a day, and to one that
is never reset: all of them are sums from the beginning, and nothing has to be rolled up later.
`storage.usage.apply` adds a report once, in one transaction with what is billed.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import IntEnum
from typing import Any, NamedTuple
from uuid import UUID

import psycopg

from kit.ids import OrganizationId

# Under this id of organization and index stands the sum over all, also over deleted ones.
EVERYTHING = UUID(int=0)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Span(IntEnum):
    """The seconds that a row is about."""

    MINUTE = 60
    QUARTER = 900
    HOUR = 3_600
    DAY = 86_400
    EVER = 0

    def start_of(self, moment: datetime) -> datetime:
        """When the span that holds the moment began."""
        if self is Span.EVER:
            return _EPOCH
        second = int(moment.timestamp())
        return datetime.fromtimestamp(second - second % self, tz=UTC)


class Subject(NamedTuple):
    """`operation` is the gRPC method."""

    organization_id: OrganizationId | UUID
    index_id: UUID
    operation: str


@dataclass(slots=True)
class Activity:
    """`requests` are all that were answered, `errors` those of them that were refused, by code.

    `took_us` and `histogram` (`kit.histograms`) are of the others.
    """

    requests: int = 0
    took_us: int = 0
    histogram: dict[int, int] = field(default_factory=dict)
    errors: dict[str, int] = field(default_factory=dict)

    def add(self, other: "Activity") -> None:
        self.requests += other.requests
        self.took_us += other.took_us
        for number, count in other.histogram.items():
            self.histogram[number] = self.histogram.get(number, 0) + count
        for code, count in other.errors.items():
            self.errors[code] = self.errors.get(code, 0) + count


class Held(NamedTuple):
    """What an index holds: live records, and the bytes that they take."""

    size_bytes: int
    records: int


def _merged(column: str) -> str:
    """SQL: the counts by key of the row and of what is added to it."""
    return f"""(
        SELECT coalesce(jsonb_object_agg(key, total), '{{}}') FROM (
            SELECT key, sum(value::bigint) AS total FROM (
                SELECT * FROM jsonb_each_text(kept.{column})
                UNION ALL SELECT * FROM jsonb_each_text(EXCLUDED.{column})
            ) AS each GROUP BY key
        ) AS sums
    )"""  # noqa: S608 - our own column


# In one order for all, so that two reporters never wait for each other.
_ADD = f"""
    INSERT INTO metrics_activity AS kept
        (organization_id, index_id, operation, span_s, start, requests, took_us, histogram, errors)
    SELECT organization_id, index_id, operation, span_s, start, requests, took_us, histogram, errors
    FROM jsonb_to_recordset(%(rows)s) AS added (
        organization_id uuid, index_id uuid, operation text,
        requests bigint, took_us bigint, histogram jsonb, errors jsonb
    ) CROSS JOIN unnest(%(spans)s::int[], %(starts)s::timestamptz[]) AS of (span_s, start)
    ORDER BY organization_id, index_id, span_s, operation
    ON CONFLICT (organization_id, index_id, span_s, start, operation) DO UPDATE SET
        requests = kept.requests + EXCLUDED.requests,
        took_us = kept.took_us + EXCLUDED.took_us,
        histogram = {_merged("histogram")},
        errors = {_merged("errors")}
"""  # noqa: S608 - our own columns

# The last value of a span stays, in whatever order reports come.
_HOLD = """
    INSERT INTO metrics_level AS kept
        (organization_id, index_id, span_s, start, records, size_bytes, measured_at)
    SELECT org_id, index_id, span_s, start, records, size_bytes, %(at)s
    FROM jsonb_to_recordset(%(rows)s) AS told (index_id uuid, records bigint, size_bytes bigint)
    JOIN dataplane_metered USING (index_id)
    CROSS JOIN unnest(%(spans)s::int[], %(starts)s::timestamptz[]) AS of (span_s, start)
    ORDER BY org_id, index_id, span_s
    ON CONFLICT (organization_id, index_id, span_s, start) DO UPDATE SET
        records = EXCLUDED.records,
        size_bytes = EXCLUDED.size_bytes,
        measured_at = EXCLUDED.measured_at
    WHERE kept.measured_at <= EXCLUDED.measured_at
"""


def add(
    cursor: psycopg.Cursor[Any],
    activities: Mapping[Subject, Activity],
    held: Mapping[UUID, Held],
    *,
    at: datetime,
) -> None:
    """Within the caller's transaction, which sees to it that nothing is added twice."""
    spans = {"spans": [int(span) for span in Span], "starts": [s.start_of(at) for s in Span]}
    if activities:
        rows = [_row(*item) for item in (*activities.items(), *_sums(activities).items())]
        cursor.execute(_ADD, {"rows": json.dumps(rows), **spans})
    if held:
        levels = [{"index_id": str(key), **value._asdict()} for key, value in held.items()]
        cursor.execute(_HOLD, {"rows": json.dumps(levels), "at": at, **spans})


def _sums(activities: Mapping[Subject, Activity]) -> dict[Subject, Activity]:
    found: dict[Subject, Activity] = {}
    for subject, activity in activities.items():
        everything = Subject(EVERYTHING, EVERYTHING, subject.operation)
        found.setdefault(everything, Activity()).add(activity)
    return found


def _row(subject: Subject, activity: Activity) -> dict[str, Any]:
    return {
        "organization_id": str(subject.organization_id),
        "index_id": str(subject.index_id),
        "operation": subject.operation,
        "requests": activity.requests,
        "took_us": activity.took_us,
        "histogram": activity.histogram,
        "errors": activity.errors,
    }
