"""Connections to PostgreSQL for engines, builders and workers, and its failures as our errors."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeAlias, TypeVar

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.errors import (
    DataCorrupted,
    DiskFull,
    IdleInTransactionSessionTimeout,
    IndexCorrupted,
    LockNotAvailable,
    QueryCanceled,
)

from kit.errors import DataLoss, StorageFull, Unavailable

Connection: TypeAlias = psycopg.Connection[Any]
_T = TypeVar("_T")

_CONNECT_TIMEOUT_S = 5
_LOCK_TIMEOUT_S = 15
# A way that was cut says nothing: by itself TCP believes in it for a quarter of an hour, and in a
# silent client for two hours, for which the server would keep the locks of one that is gone.
_CUT_WAYS = {
    "tcp_user_timeout": "5000", "keepalives_idle": "3", "keepalives_interval": "1",
    "keepalives_count": "3",
}  # fmt: skip
_CUT_WAYS_OF_THE_SERVER = (
    "-c tcp_user_timeout=5000 -c tcp_keepalives_idle=3 -c tcp_keepalives_interval=1"
    " -c tcp_keepalives_count=3"
)


def connection_parameters(url: str, **more: str) -> dict[str, str]:
    """The URL's parameters and `more`, and what tells both ends of a cut way within some 6 s,
    where the URL says nothing of that."""
    own = {key: str(value) for key, value in conninfo_to_dict(url).items() if value is not None}
    options = " ".join(filter(None, [_CUT_WAYS_OF_THE_SERVER, own.get("options")]))
    return _CUT_WAYS | own | more | {"options": options}


def connect(url: str, *, name: str) -> Connection:
    """A blocking connection in autocommit mode; `name` shows in pg_stat_activity."""
    with translated_errors():
        told = {"connect_timeout": str(_CONNECT_TIMEOUT_S), "application_name": f"stonepine {name}"}
        connection = psycopg.connect(
            make_conninfo(**connection_parameters(url, **told)), autocommit=True
        )
        connection.execute("SELECT set_config('lock_timeout', %s, false)", [f"{_LOCK_TIMEOUT_S}s"])
        return connection


@dataclass(slots=True)
class LastingConnection:
    """For one thread at a time: a blocking connection, renewed when it broke."""

    url: str = field(repr=False)
    name: str
    statement_timeout: str = "0"
    _connection: Connection | None = None

    def run(self, act: Callable[[Connection], _T]) -> _T:
        """Do it, once more on a new connection where the old one had died unnoticed.

        Everything that is done here may be done twice. Raises `Unavailable`.
        """
        if self._connection is not None:
            try:
                with translated_errors():
                    return act(self._connection)
            except Unavailable:
                self._connection.close()
                self._connection = None
        self._connection = connect(self.url, name=self.name)
        self._connection.execute(f"SET statement_timeout = '{self.statement_timeout}'")
        with translated_errors():
            return act(self._connection)

    def close(self) -> None:
        """The next act opens a new one."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


@contextmanager
def alone(url: str, lock: int, *, name: str) -> Iterator[Connection | None]:
    """A connection that holds the advisory lock for the block; None where somebody else does."""
    with connect(url, name=name) as connection:
        row = connection.execute("SELECT pg_try_advisory_lock(%s)", [lock]).fetchone()
        if row is None or not row[0]:
            yield None
            return
        yield connection
        # In words: a connection that is closed lets go of its locks a moment later.
        with translated_errors():
            connection.execute("SELECT pg_advisory_unlock(%s)", [lock])


@dataclass(slots=True)
class HeldLock:
    """An advisory lock for as long as we live and the database hears us; one thread at a time."""

    url: str = field(repr=False)
    lock: int
    name: str
    _connection: Connection | None = None

    def take(self) -> bool:
        """Whether it is ours now; false where somebody else has it, or the database is away."""
        try:
            self._connection = self._connection or connect(self.url, name=self.name)
            with translated_errors():
                row = self._connection.execute(
                    "SELECT pg_try_advisory_lock(%s)", [self.lock]
                ).fetchone()
        except Unavailable:
            self.release()
            return False
        return bool(row and row[0])

    def release(self) -> None:
        """Whoever else wants it may have it."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def is_held(self) -> bool:
        """Whether the connection that holds it still lives."""
        if self._connection is None:
            return False
        try:
            with translated_errors():
                self._connection.execute("SELECT 1")
        except Unavailable:
            self.release()
            return False
        return True


@contextmanager
def translated_errors() -> Iterator[None]:
    """Failures of the server or the way to it as `Unavailable` or `StorageFull`, of its files as
    `DataLoss`.

    Other database errors are our own faults and pass unchanged. No text of the server goes into
    a message: it may quote values.
    """
    try:
        yield
    except DiskFull as error:
        raise StorageFull("The database's disk is full: free some space.") from error
    except (DataCorrupted, IndexCorrupted) as error:
        raise DataLoss("The database's own files are damaged.") from error
    except (LockNotAvailable, QueryCanceled, IdleInTransactionSessionTimeout) as error:
        raise Unavailable("The database took too long: try again.", retry_after_s=1) from error
    except psycopg.OperationalError as error:
        raise Unavailable("The database cannot be reached: try again.", retry_after_s=1) from error
