"""What the database says of a namespace, read for an examination: within one snapshot."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from psycopg import IsolationLevel
from psycopg.rows import class_row, scalar_row, tuple_row

from storage.archive.form import Place
from storage.archive.rows import Base
from storage.database import Connection, translated_errors
from storage.pins import Pin

_US = "(extract(epoch FROM {}) * 1000000)::bigint"
_ROWS_A_FETCH = 64


@dataclass(frozen=True, slots=True)
class NamespaceState:
    """A row of `log_namespace`, or of `log_dropped`: then `dropped_at_us` and `last_lsn` are set.

    Times are microseconds since 1970.
    """

    name_digest: bytes | None
    name_sealed: bytes
    schema_sealed: bytes | None
    manifest_version: int
    manifest_lsn: int
    archived_lsn: int
    created_at_us: int
    origin_lsn: int
    origin_at_us: int
    dropped_at_us: int | None
    last_lsn: int | None
    is_archived: bool


class LoggedBatch(NamedTuple):
    """A row of the log."""

    lsn: int
    operation: int
    record_count: int
    sealed: bytes
    committed_at_us: int


_LIFE = f"""archived_lsn, {_US.format("created_at")} AS created_at_us, origin_lsn,
    {_US.format("origin_at")} AS origin_at_us"""
_STATE = f"""
    SELECT name_digest, name_sealed, schema_sealed, manifest_version, manifest_lsn, {_LIFE},
        NULL::bigint AS dropped_at_us, NULL::bigint AS last_lsn, false AS is_archived
    FROM log_namespace WHERE index_id = %(index_id)s AND namespace_id = %(namespace_id)s
    UNION ALL
    SELECT NULL, name_sealed, schema_sealed, 0, 0, {_LIFE},
        {_US.format("dropped_at")}, last_lsn, is_archived
    FROM log_dropped WHERE index_id = %(index_id)s AND namespace_id = %(namespace_id)s
    """  # noqa: S608 - constants


@contextmanager
def snapshot(connection: Connection) -> Iterator[None]:
    """One moment of the database for the whole block, in which nothing is written."""
    connection.isolation_level = IsolationLevel.REPEATABLE_READ
    connection.read_only = True
    try:
        with translated_errors(), connection.transaction():
            yield
    finally:
        connection.isolation_level = connection.read_only = None


def namespace_ids(connection: Connection, index_id: UUID) -> list[UUID]:
    """Those that are there and those that were dropped lately."""
    with translated_errors(), connection.cursor(row_factory=scalar_row) as cursor:
        cursor.execute(
            """SELECT namespace_id FROM log_namespace WHERE index_id = %(index_id)s
               UNION SELECT namespace_id FROM log_dropped WHERE index_id = %(index_id)s
               ORDER BY namespace_id""",
            {"index_id": index_id},
        )
        return cursor.fetchall()


def namespace_state(connection: Connection, place: Place) -> NamespaceState | None:
    with translated_errors(), connection.cursor(row_factory=class_row(NamespaceState)) as cursor:
        cursor.execute(_STATE, {"index_id": place[0], "namespace_id": place[1]})
        return cursor.fetchone()


def noted_bases(connection: Connection, place: Place) -> list[Base]:
    """Those of the namespace, the oldest first."""
    with translated_errors(), connection.cursor(row_factory=class_row(Base)) as cursor:
        cursor.execute(
            """SELECT manifest_lsn, manifest_version FROM log_base
               WHERE index_id = %s AND namespace_id = %s ORDER BY manifest_lsn, manifest_version""",
            list(place),
        )
        return cursor.fetchall()


def logged(connection: Connection, place: Place) -> Iterator[LoggedBatch]:
    """All rows of the namespace's log, in order. Needs an open transaction."""
    with translated_errors(), connection.cursor("examined_log", binary=True) as cursor:
        cursor.itersize = _ROWS_A_FETCH
        cursor.execute(
            f"""SELECT lsn, operation, record_count, sealed, {_US.format("committed_at")}
                FROM log_batch WHERE index_id = %s AND namespace_id = %s ORDER BY lsn""",  # noqa: S608 - constants
            list(place),
        )
        for row in cursor:
            yield LoggedBatch(*row)


def pins_of(connection: Connection, backup_id: UUID) -> dict[UUID, Pin]:
    """What the backup keeps, by namespace."""
    with translated_errors(), connection.cursor(row_factory=tuple_row) as cursor:
        cursor.execute(
            """SELECT namespace_id, manifest_version, log_after, log_upto FROM log_pin
               WHERE backup_id = %s""",
            [backup_id],
        )
        return {row[0]: Pin(*row) for row in cursor}


def strays(connection: Connection) -> list[tuple[str, UUID, UUID]]:
    """(table, index, namespace) of rows that speak of a namespace which has no row."""
    with translated_errors(), connection.cursor(row_factory=tuple_row) as cursor:
        cursor.execute(
            """SELECT DISTINCT source, index_id, namespace_id FROM (
                   SELECT 'log_batch' AS source, index_id, namespace_id FROM log_batch
                   UNION ALL SELECT 'log_base', index_id, namespace_id FROM log_base) r
               WHERE NOT EXISTS (SELECT 1 FROM log_namespace n WHERE n.index_id = r.index_id
                       AND n.namespace_id = r.namespace_id)
                 AND NOT EXISTS (SELECT 1 FROM log_dropped d WHERE d.index_id = r.index_id
                       AND d.namespace_id = r.namespace_id)
               ORDER BY index_id, namespace_id, source"""
        )
        return cursor.fetchall()
