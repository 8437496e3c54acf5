"""Telling waiting requests that an index changed its state."""

from uuid import UUID

from django.db import connections

CHANNEL = "stonepine_index_state"


def notify_state(index_id: UUID) -> None:
    """Part of the system role's transaction that changes the state."""
    with connections["system"].cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, %s)", [CHANNEL, str(index_id)])
