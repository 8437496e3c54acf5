"""One worker at a time for one thing, by locks that PostgreSQL frees when the worker dies."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from django.db import connections


@contextmanager
def claim(wanted: UUID) -> Iterator[bool]:
    """Whether this worker may work on it. PostgreSQL frees the claim of one that dies."""
    number = int.from_bytes(wanted.bytes[8:], signed=True)
    with connections["system"].cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [number])
        is_ours = bool(cursor.fetchone()[0])
        try:
            yield is_ours
        finally:
            if is_ours:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [number])
