"""Telling index nodes that something they may have cached is no longer true."""

from django.db import connections

_CHANNEL = "stonepine_access"


def announce_change(*, using: str = "default") -> int:
    """Raise the version nodes poll and notify those that listen; part of the caller's transaction.
    Returns the version, of which whoever has heard it knows what the transaction did.

    The version is one row: call this last, so that other verbs wait for it as briefly as can be.
    """
    with connections[using].cursor() as cursor:
        cursor.execute("UPDATE dataplane_version SET version = version + 1 RETURNING version")
        version = int(cursor.fetchone()[0])
        cursor.execute("SELECT pg_notify(%s, '')", [_CHANNEL])
    return version
