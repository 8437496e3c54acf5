"""Rows of the write log: under which version of the key each is, and sealing it anew."""

from collections import Counter
from collections.abc import Iterator
from typing import TypeAlias
from uuid import UUID

from psycopg.rows import tuple_row

from keyring.envelope import DataKey
from storage.database import Connection, translated_errors
from storage.sealing import sealed_version
from storage.write_log.batches import reseal_batch
from storage.write_log.names import name_digest, open_name, reseal_names

Batch: TypeAlias = tuple[UUID, int, int, bytes]

_ROWS_A_TURN = 64
# Of every sealed value the first four bytes say which version of the key sealed it.
_COUNTS = """
    SELECT v, sum(n) FROM (
        SELECT substring(name_sealed FROM 1 FOR 4) AS v, count(*) AS n FROM log_namespace
            WHERE index_id = %(i)s GROUP BY 1
        UNION ALL SELECT substring(name_sealed FROM 1 FOR 4), count(*) FROM log_dropped
            WHERE index_id = %(i)s GROUP BY 1
        UNION ALL SELECT substring(sealed FROM 1 FOR 4), count(*) FROM log_batch
            WHERE index_id = %(i)s GROUP BY 1) each GROUP BY v"""
_NAMESPACES = """SELECT namespace_id, name_sealed, schema_sealed FROM {table}
    WHERE index_id = %s AND substring(name_sealed FROM 1 FOR 4) <> %s LIMIT %s"""
_SAVE_NAMESPACE = """UPDATE log_namespace
    SET name_digest = %s, name_sealed = %s, schema_sealed = %s
    WHERE index_id = %s AND namespace_id = %s AND name_sealed = %s
        AND schema_sealed IS NOT DISTINCT FROM %s"""
_SAVE_DROPPED = """UPDATE log_dropped SET name_sealed = %s, schema_sealed = %s
    WHERE index_id = %s AND namespace_id = %s"""
_BATCHES = """SELECT namespace_id, lsn, operation, sealed FROM log_batch
    WHERE index_id = %s AND (namespace_id, lsn) > (%s, %s)
        AND substring(sealed FROM 1 FOR 4) <> %s
    ORDER BY namespace_id, lsn LIMIT %s"""
_NOTHING = UUID(int=0)
_SAVE_BATCH = """UPDATE log_batch SET sealed = %s
    WHERE index_id = %s AND namespace_id = %s AND lsn = %s"""
_FENCE = """UPDATE log_lease SET epoch = nextval('log_epoch')
    WHERE index_id = ANY(%s) AND key_version < %s"""


def versions_in_log(connection: Connection, index_id: UUID) -> Counter[int]:
    """How many rows of the index each version of the key sealed."""
    with translated_errors(), connection.cursor(row_factory=tuple_row) as cursor:
        cursor.execute(_COUNTS, {"i": index_id})
        return Counter({sealed_version(prefix): int(count) for prefix, count in cursor})


def reseal_rows(connection: Connection, key: DataKey, index_id: UUID) -> Iterator[int]:
    """A few rows at a time, each time in a transaction of their own; how many."""
    version = key.version.to_bytes(4, "big")
    with translated_errors():
        while count := _reseal_namespaces(connection, key, index_id, version):
            yield count
        while count := _reseal_dropped(connection, key, index_id, version):
            yield count
        last = (_NOTHING, 0)
        while rows := _batches_after(connection, last, index_id, version):
            _reseal_batches(connection, key, index_id, rows)
            last = rows[-1][:2]
            yield len(rows)


def fence_writers(connection: Connection, index_ids: list[UUID], *, before: int) -> int:
    """Take the lease from writers that have not said that they seal under `before` or later.

    They take it again, with today's key; how many. A batch under an older version cannot come in
    any more.
    """
    with translated_errors():
        return connection.execute(_FENCE, [index_ids, before]).rowcount


def _reseal_namespaces(connection: Connection, key: DataKey, index_id: UUID, version: bytes) -> int:
    rows = connection.execute(
        _NAMESPACES.format(table="log_namespace"), [index_id, version, _ROWS_A_TURN]
    ).fetchall()
    for namespace_id, name, schema in rows:
        digest = name_digest(key, index_id, open_name(key, name, index_id, namespace_id))
        sealed = reseal_names(key, name, schema, (index_id, namespace_id))
        connection.execute(_SAVE_NAMESPACE, [digest, *sealed, index_id, namespace_id, name, schema])
    return len(rows)


def _reseal_dropped(connection: Connection, key: DataKey, index_id: UUID, version: bytes) -> int:
    rows = connection.execute(
        _NAMESPACES.format(table="log_dropped"), [index_id, version, _ROWS_A_TURN]
    ).fetchall()
    for namespace_id, name, schema in rows:
        sealed = reseal_names(key, name, schema, (index_id, namespace_id))
        connection.execute(_SAVE_DROPPED, [*sealed, index_id, namespace_id])
    return len(rows)


def _batches_after(
    connection: Connection, last: tuple[UUID, int], index_id: UUID, version: bytes
) -> list[Batch]:
    with connection.cursor(binary=True, row_factory=tuple_row) as cursor:
        cursor.execute(_BATCHES, [index_id, *last, version, _ROWS_A_TURN])
        return cursor.fetchall()


def _reseal_batches(
    connection: Connection, key: DataKey, index_id: UUID, rows: list[Batch]
) -> None:
    with connection.transaction():
        for namespace_id, lsn, code, sealed in rows:
            anew = reseal_batch(
                key, code, sealed, index_id=index_id, namespace_id=namespace_id, lsn=lsn
            )
            connection.execute(_SAVE_BATCH, [anew, index_id, namespace_id, lsn])
