"""How long rows are kept, and clearing away what is older or about indexes that are gone."""

from datetime import timedelta

from django.db import connections

from kit import clock
from orgs.kept import RULES, Kept
from orgs.retention import organizations_that_chose
from storage.activity import EVERYTHING, Span

# At least twice the range that is drawn from rows of the span, so that it can be compared.
KEPT: dict[Span, timedelta] = {
    Span.MINUTE: timedelta(hours=6),
    Span.QUARTER: timedelta(days=3),
    Span.HOUR: timedelta(days=30),
    Span.DAY: timedelta(days=RULES[Kept.METRICS].most),
}

_OF_GONE = """
    DELETE FROM {table} kept WHERE index_id <> %s AND NOT EXISTS (
        SELECT 1 FROM dataplane_metered m WHERE m.index_id = kept.index_id
    )
"""
# The last level of an index is kept: it still holds.
_OLD = {
    "metrics_activity": "DELETE FROM metrics_activity WHERE span_s = %s AND start < %s",
    "metrics_level": """
        DELETE FROM metrics_level kept WHERE span_s = %s AND start < %s AND EXISTS (
            SELECT 1 FROM metrics_level later
            WHERE later.organization_id = kept.organization_id
              AND later.index_id = kept.index_id AND later.span_s = kept.span_s
              AND later.start > kept.start
        )
    """,
}


def forget_old_metrics() -> int:
    """Returns how many rows went. Crosses tenants."""
    now, count = clock.now(), 0
    with connections["system"].cursor() as cursor:
        for table, query in _OLD.items():
            for span, kept in KEPT.items():
                cursor.execute(query, [int(span), now - kept])
                count += cursor.rowcount
            cursor.execute(_OF_GONE.format(table=table), [EVERYTHING])
            count += cursor.rowcount
            for organization_id, days in organizations_that_chose(Kept.METRICS):
                for span in KEPT:
                    cursor.execute(
                        f"{query} AND organization_id = %s",
                        [int(span), now - timedelta(days=days), organization_id],
                    )
                    count += cursor.rowcount
    return count
