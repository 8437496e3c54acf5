"""What nodes read of caps: how much an organization may use, and how much of it is used."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from psycopg.rows import class_row, scalar_row

from kit.ids import OrganizationId
from storage.database import Connection, translated_errors


@dataclass(frozen=True, slots=True)
class Standing:
    """Of one organization: its caps, None where only capacity bounds it, and what is used of them.

    What is used is None where nothing is capped: then nobody adds it up. `rates` are what is
    limited a second, by the names of `storage.rate_limits`.
    """

    org_id: OrganizationId
    storage_bytes: int | None
    read_units_per_month: int | None
    write_units_per_month: int | None
    stored_bytes: int | None
    read_units: int | None
    write_units: int | None
    rates: dict[str, int] = field(default_factory=dict)


_STANDINGS = """
    SELECT a.org_id, a.storage_bytes, a.read_units_per_month, a.write_units_per_month,
           stored.bytes::bigint AS stored_bytes,
           used.read_units::bigint AS read_units, used.write_units::bigint AS write_units,
           a.rates
    FROM dataplane_allowance a
    LEFT JOIN LATERAL (
        SELECT coalesce(sum(latest.last_bytes), 0) AS bytes
        FROM dataplane_metered m
        CROSS JOIN LATERAL (
            SELECT u.last_bytes FROM billing_usage u
            WHERE u.organization_id = m.org_id AND u.project_id = m.project_id
              AND u.index_id = m.index_id AND u.last_bytes IS NOT NULL
            ORDER BY u.day DESC LIMIT 1
        ) latest
        WHERE m.org_id = a.org_id
    ) stored ON a.storage_bytes IS NOT NULL
    LEFT JOIN LATERAL (
        SELECT coalesce(sum(u.read_units), 0) AS read_units,
               coalesce(sum(u.write_units), 0) AS write_units
        FROM billing_usage u WHERE u.organization_id = a.org_id AND u.day >= %(month)s
    ) used ON coalesce(a.read_units_per_month, a.write_units_per_month) IS NOT NULL
    WHERE a.org_id = ANY(%(org_ids)s)
"""


def load_standings(
    connection: Connection, org_ids: Collection[UUID], *, month: date
) -> list[Standing]:
    """`month` is the first day of the month that counts."""
    with translated_errors(), connection.cursor(row_factory=class_row(Standing)) as cursor:
        cursor.execute(_STANDINGS, {"org_ids": list(org_ids), "month": month})
        return cursor.fetchall()


def load_namespaces_per_index(connection: Connection, org_id: UUID) -> int | None:
    """How many namespaces each index of the organization may have; None: any number."""
    with translated_errors(), connection.cursor(row_factory=scalar_row) as cursor:
        cursor.execute(
            "SELECT namespaces_per_index FROM dataplane_allowance WHERE org_id = %s", [org_id]
        )
        found: int | None = cursor.fetchone()
        return found
