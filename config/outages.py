"""Failures of the parts beneath, as errors that a caller can act on."""

from django.db import InterfaceError, OperationalError
from psycopg.errors import DiskFull
from redis.exceptions import RedisError

from kit.errors import StonepineError, StorageFull, Unavailable

_RETRY_AFTER_S = 2


def outage_behind(error: Exception) -> StonepineError | None:
    """What to answer where a part is down or full; None where the fault is our own."""
    if isinstance(error, OperationalError) and isinstance(error.__cause__, DiskFull):
        return StorageFull(
            "The database's disk is full: free some space.", retry_after_s=_RETRY_AFTER_S
        )
    if isinstance(error, OperationalError | InterfaceError):
        return Unavailable(
            "The database cannot be reached: try again.", retry_after_s=_RETRY_AFTER_S
        )
    if isinstance(error, RedisError):
        return Unavailable("The cache cannot be reached: try again.", retry_after_s=_RETRY_AFTER_S)
    return None
