"""Telling index nodes that something they may have cached is no longer true."""

from django.db import connections

_CHANNEL = "stonepine_access"


def announce_change(*, using: str = "default") -> None:
    """Raise the version nodes poll and notify those that listen; part of the caller's transaction.

    The version is one row: call this last, so that other verbs wait for it as briefly as can be.
    """
    with connections[using].cursor() as cursor:
        cursor.execute("UPDATE dataplane_version SET version = version + 1")
        cursor.execute("SELECT pg_notify(%s, '')", [_CHANNEL])
