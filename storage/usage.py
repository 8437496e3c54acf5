"""What nodes report of use: units, requests and stored bytes per index and day, kept by PostgreSQL.

Reports add up, so each is applied exactly once: a reporter numbers its reports, and one that was
applied before is passed over. Whoever does not know how a report ended sends it again.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from psycopg import sql

from kit import clock
from kit.ids import IndexId, OrganizationId, ProjectId
from storage import activity
from storage.activity import Activity, Held, Subject
from storage.database import Connection, translated_errors

COUNTERS = (
    "read_units", "write_units",
    "upserts", "queries", "fetches", "lists", "updates", "deletes", "others",
)  # fmt: skip


class Place(NamedTuple):
    """What use counts for: an index on a day of UTC."""

    org_id: OrganizationId
    project_id: ProjectId
    index_id: IndexId
    day: date


@dataclass(slots=True)
class Tally:
    """What was counted at a place; `index_name` is what the index was called."""

    index_name: str
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(COUNTERS, 0))


@dataclass(frozen=True, slots=True)
class Report:
    """`stored` is what indexes hold on that day, now; it is no sum and may be told again.

    `activities` are what was asked of them lately, as of `at`.
    """

    number: int
    tallies: Mapping[Place, Tally]
    day: date
    stored: Mapping[UUID, Held]
    activities: Mapping[Subject, Activity] = field(default_factory=dict)
    at: datetime = field(default_factory=clock.now)


_IS_NEWS = """
    INSERT INTO billing_usagereporter (id, last_report, reported_at) VALUES (%s, %s, now())
    ON CONFLICT (id) DO UPDATE SET last_report = EXCLUDED.last_report, reported_at = now()
        WHERE billing_usagereporter.last_report < EXCLUDED.last_report
    RETURNING last_report
"""

# The index and its project may be gone by now: what was used before stays.
_ADD = sql.SQL("""
    INSERT INTO billing_usage
        (organization_id, project_id, index_id, day, index_name, project_name, {columns})
    VALUES (%s, %s, %s, %s, %s,
        coalesce(
            (SELECT project_name FROM dataplane_project_name WHERE project_id = %s), ''
        ), {values})
    ON CONFLICT (organization_id, project_id, index_id, day) DO UPDATE SET
        index_name = EXCLUDED.index_name,
        project_name = coalesce(nullif(EXCLUDED.project_name, ''), billing_usage.project_name),
        {sums}
""").format(
    columns=sql.SQL(", ").join(map(sql.Identifier, COUNTERS)),
    values=sql.SQL(", ").join([sql.Placeholder()] * len(COUNTERS)),
    sums=sql.SQL(", ").join(
        sql.SQL("{0} = billing_usage.{0} + EXCLUDED.{0}").format(sql.Identifier(name))
        for name in COUNTERS
    ),
)

_STORE = """
    INSERT INTO billing_usage
        (organization_id, project_id, index_id, day, index_name, project_name,
         storage_bytes, last_bytes)
    SELECT org_id, project_id, index_id, %(day)s, index_name, project_name, %(bytes)s, %(bytes)s
    FROM dataplane_metered WHERE index_id = %(index_id)s
    ON CONFLICT (organization_id, project_id, index_id, day) DO UPDATE SET
        storage_bytes = greatest(billing_usage.storage_bytes, EXCLUDED.storage_bytes),
        last_bytes = EXCLUDED.last_bytes
"""


def apply(connection: Connection, reporter_id: UUID, report: Report) -> bool:
    """Add the report to what is kept; False where that was done before."""
    with translated_errors(), connection.transaction(), connection.cursor() as cursor:
        if cursor.execute(_IS_NEWS, [reporter_id, report.number]).fetchone() is None:
            return False
        # In one order for all, so that two reporters never wait for each other.
        cursor.executemany(_ADD, [_row(*item) for item in sorted(report.tallies.items(), key=_key)])
        cursor.executemany(
            _STORE,
            [
                {"index_id": index_id, "day": report.day, "bytes": held.size_bytes}
                for index_id, held in sorted(report.stored.items())
            ],
        )
        activity.add(cursor, report.activities, report.stored, at=report.at)
        return True


def _key(item: tuple[Place, Tally]) -> Place:
    return item[0]


def _row(place: Place, tally: Tally) -> list[object]:
    counts = [tally.counts[name] for name in COUNTERS]
    return [*place, tally.index_name, place.project_id, *counts]
