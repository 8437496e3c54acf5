"""Connections to PostgreSQL for engines, builders and workers, and its failures as our errors."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias

import psycopg
from psycopg.errors import DiskFull, LockNotAvailable, QueryCanceled

from kit.errors import StorageFull, Unavailable

Connection: TypeAlias = psycopg.Connection[Any]

_CONNECT_TIMEOUT_S = 5
_LOCK_TIMEOUT_S = 15


def connect(url: str, *, name: str) -> Connection:
    """A blocking connection in autocommit mode; `name` shows in pg_stat_activity."""
    with translated_errors():
        connection = psycopg.connect(
            url,
            autocommit=True,
            connect_timeout=_CONNECT_TIMEOUT_S,
            application_name=f"stonepine {name}",
        )
        connection.execute("SELECT set_config('lock_timeout', %s, false)", [f"{_LOCK_TIMEOUT_S}s"])
        return connection


@contextmanager
def translated_errors() -> Iterator[None]:
    """Failures of the server or the way to it as `Unavailable` or `StorageFull`.

    Other database errors are our own faults and pass unchanged. No text of the server goes into
    a message: it may quote values.
    """
    try:
        yield
    except DiskFull as error:
        raise StorageFull("The database's disk is full: free some space.") from error
    except (LockNotAvailable, QueryCanceled) as error:
        raise Unavailable("The database took too long: try again.", retry_after_s=1) from error
    except psycopg.OperationalError as error:
        raise Unavailable("The database cannot be reached: try again.", retry_after_s=1) from error
