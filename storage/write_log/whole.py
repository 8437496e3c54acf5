"""An index's log as a whole, for whoever takes the index up: all namespaces in one question."""

from collections.abc import Generator, Iterator
from itertools import chain, groupby
from operator import itemgetter
from typing import Any
from uuid import UUID

from psycopg.rows import tuple_row

from keyring.envelope import DataKey
from kit.errors import DataLoss
from storage.database import Connection, translated_errors
from storage.write_log.batches import open_batch
from storage.write_log.names import NamespaceRow
from storage.write_log.operations import Operation

_FIRST_ROWS, _MOST_ROWS = 64, 2048
_BYTES_A_FETCH = 8 << 20
# The oldest namespace first: ids are minted in the order of time.
_ROWS = """SELECT n.index_id, n.namespace_id, n.name_sealed, n.schema_sealed,
        n.manifest_version, n.manifest_lsn, n.created_at, n.archived_lsn,
        b.lsn, b.operation, b.sealed
    FROM log_namespace n LEFT JOIN LATERAL (
        SELECT lsn, operation, sealed FROM log_batch
        WHERE index_id = n.index_id AND namespace_id = n.namespace_id AND lsn > n.manifest_lsn
    ) b ON true
    WHERE n.index_id = %s ORDER BY n.namespace_id, b.lsn"""
_COLUMNS_OF_NAMESPACE = 7

Row = tuple[Any, ...]
Entry = tuple[int, Operation]


def read_index(
    connection: Connection, key: DataKey, index_id: UUID
) -> Generator[tuple[NamespaceRow, Iterator[Entry]], None, None]:
    """Each namespace with its batches that no manifest covers, as of one moment.

    Some megabytes are in memory at a time; the batches of a namespace end when the next one is
    asked for. Raises `DataLoss` where a batch is missing or does not authenticate; at the end of
    the log too, as far as it was archived before.
    """
    with translated_errors(), connection.transaction():
        for _, rows in groupby(_rows(connection, index_id), itemgetter(1)):
            yield _opened(key, rows)


def _opened(key: DataKey, rows: Iterator[Row]) -> tuple[NamespaceRow, Iterator[Entry]]:
    first = next(rows)
    namespace = NamespaceRow(*first[:_COLUMNS_OF_NAMESPACE])
    return namespace, _entries(key, namespace, chain([first], rows))


def _rows(connection: Connection, index_id: UUID) -> Iterator[Row]:
    limit = _FIRST_ROWS
    with connection.cursor("whole_index", binary=True, row_factory=tuple_row) as cursor:
        cursor.execute(_ROWS, [index_id])
        while rows := cursor.fetchmany(limit):
            yield from rows
            largest = max(len(row[-1] or b"") for row in rows)
            limit = min(max(_BYTES_A_FETCH // max(largest, 1), 1), _MOST_ROWS)


def _entries(key: DataKey, namespace: NamespaceRow, rows: Iterator[Row]) -> Iterator[Entry]:
    expected, archived_lsn = namespace.manifest_lsn + 1, 0
    place = {"index_id": namespace.index_id, "namespace_id": namespace.namespace_id}
    for row in rows:
        archived_lsn, lsn, code, sealed = row[_COLUMNS_OF_NAMESPACE:]
        if lsn is None:  # the namespace has no such batch
            break
        if lsn != expected:
            raise _missing(expected, namespace)
        yield lsn, open_batch(key, code, sealed, lsn=lsn, **place)
        expected += 1
    if archived_lsn >= expected:
        raise _missing(expected, namespace)


def _missing(lsn: int, namespace: NamespaceRow) -> DataLoss:
    return DataLoss(f"Batch {lsn} of namespace {namespace.namespace_id} is missing.")
