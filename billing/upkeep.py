"""Keeping the rows of use complete: storage of days on which nobody touched an index."""

from datetime import timedelta

from django.db import connections

from billing.models import UsageReporter
from kit import clock

_KEPT = timedelta(days=7)
_CARRY = """
    INSERT INTO billing_usage
        (organization_id, project_id, index_id, day, project_name, index_name,
         storage_bytes, last_bytes)
    SELECT m.org_id, m.project_id, m.index_id, %(today)s, m.project_name, m.index_name,
           before.last_bytes, before.last_bytes
    FROM dataplane_metered m
    CROSS JOIN LATERAL (
        SELECT u.last_bytes FROM billing_usage u
        WHERE u.organization_id = m.org_id AND u.project_id = m.project_id
          AND u.index_id = m.index_id AND u.day < %(today)s AND u.last_bytes IS NOT NULL
        ORDER BY u.day DESC LIMIT 1
    ) before
    WHERE before.last_bytes > 0 AND NOT EXISTS (
        SELECT 1 FROM billing_usage t
        WHERE t.organization_id = m.org_id AND t.project_id = m.project_id
          AND t.index_id = m.index_id AND t.day = %(today)s AND t.last_bytes IS NOT NULL
    )
    ON CONFLICT (organization_id, project_id, index_id, day) DO UPDATE SET
        last_bytes = coalesce(billing_usage.last_bytes, EXCLUDED.last_bytes),
        storage_bytes = greatest(billing_usage.storage_bytes, EXCLUDED.storage_bytes)
"""


def carry_storage() -> int:
    """Give every live index that no node has reported today yesterday's storage. Crosses tenants.

    Only writes change what an index holds, and whoever takes one reports it: what was last
    reported still holds. Returns how many rows were written.
    """
    with connections["system"].cursor() as cursor:
        cursor.execute(_CARRY, {"today": clock.now().date()})
        return int(cursor.rowcount)


def forget_reporters() -> None:
    """Those that ended long ago: nothing of theirs will be sent again. Crosses tenants."""
    old = UsageReporter.objects.using("system").filter(reported_at__lt=clock.now() - _KEPT)
    old.delete()
