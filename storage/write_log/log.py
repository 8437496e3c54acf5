"""The write log over a blocking connection: leases, namespaces, reading, trimming, dropping.

All functions want a connection in autocommit mode, as `storage.database.connect` opens it, and
raise what `translated_errors` names there.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from psycopg.errors import UniqueViolation
from psycopg.rows import class_row, scalar_row, tuple_row

from keyring.envelope import DataKey
from kit.errors import AlreadyExists, DataLoss
from storage.database import Connection, translated_errors
from storage.events import DataPlaneEvent, record_event
from storage.write_log.batches import open_batch
from storage.write_log.errors import Fenced
from storage.write_log.names import NamespaceRow, NewNamespace, name_digest
from storage.write_log.operations import Operation

_MIN_ROWS_A_FETCH, _MAX_ROWS_A_FETCH = 16, 512
_BYTES_A_FETCH = 8 << 20
_ROWS_A_TRIM = 5_000
_FROZEN = "5s"
_NAMESPACE_COLUMNS = """index_id, namespace_id, name_sealed, schema_sealed,
    manifest_version, manifest_lsn, created_at"""

_DROP = """WITH gone AS (DELETE FROM log_namespace WHERE index_id = %(index_id)s
        AND namespace_id = %(namespace_id)s RETURNING *)
    INSERT INTO log_dropped (index_id, namespace_id, name_sealed, schema_sealed, created_at,
        origin_lsn, origin_at, last_lsn, archived_lsn)
    SELECT index_id, namespace_id, name_sealed, schema_sealed, created_at, origin_lsn, origin_at,
        greatest(manifest_lsn, (SELECT max(lsn) FROM log_batch WHERE index_id = %(index_id)s
            AND namespace_id = %(namespace_id)s)), archived_lsn
    FROM gone"""
_LAST_BASE = """INSERT INTO log_base (index_id, namespace_id, manifest_version, manifest_lsn)
    SELECT index_id, namespace_id, manifest_version, manifest_lsn FROM log_namespace
    WHERE index_id = %(index_id)s AND namespace_id = %(namespace_id)s AND manifest_version > 0
    ON CONFLICT DO NOTHING"""


class Uncovered(NamedTuple):
    """A namespace with `records` records named in batches that no manifest covers."""

    index_id: UUID
    namespace_id: UUID
    records: int


class Lease(NamedTuple):
    """`former_holder` and `former_replicas` are those of the lease before; the holder is "" where
    there was none."""

    epoch: int
    former_holder: str
    former_replicas: list[int]


def take_lease(connection: Connection, index_id: UUID, holder: str) -> int:
    """`take_over` without replicas; the new epoch."""
    return take_over(connection, index_id, holder).epoch


def take_over(
    connection: Connection, index_id: UUID, holder: str, *, replicas: Sequence[int] = ()
) -> Lease:
    """Become the index's one writer, under an epoch greater than every earlier one.

    Waits for transactions of the holder before; afterwards none of its batches can come in.
    """
    with _brief(connection):
        before = connection.execute(
            "SELECT holder, replicas FROM log_lease WHERE index_id = %s FOR UPDATE", [index_id]
        ).fetchone()
        row = connection.execute(
            """INSERT INTO log_lease (index_id, epoch, holder, replicas)
               VALUES (%s, nextval('log_epoch'), %s, %s::smallint[])
               ON CONFLICT (index_id) DO UPDATE SET epoch = nextval('log_epoch'),
                   holder = EXCLUDED.holder, replicas = EXCLUDED.replicas,
                   key_version = 0, taken_at = clock_timestamp()
               RETURNING epoch""",
            [index_id, holder, list(replicas)],
        ).fetchone()
    former_holder, former_replicas = before or ("", [])
    return Lease(0 if row is None else int(row[0]), former_holder, list(former_replicas))


def note_key_version(connection: Connection, index_id: UUID, *, epoch: int, version: int) -> None:
    """The index's writer seals with that version of its key from now on, unless it is fenced."""
    with translated_errors():
        connection.execute(
            "UPDATE log_lease SET key_version = %s WHERE index_id = %s AND epoch = %s",
            [version, index_id, epoch],
        )


def lease_epoch(connection: Connection, index_id: UUID) -> int:
    """That of the index's writer; 0 where there is none."""
    with translated_errors(), connection.cursor(row_factory=scalar_row) as cursor:
        cursor.execute("SELECT epoch FROM log_lease WHERE index_id = %s", [index_id])
        return int(cursor.fetchone() or 0)


def namespaces(connection: Connection, index_id: UUID) -> list[NamespaceRow]:
    """All namespaces of the index, the oldest first."""
    with translated_errors(), connection.cursor(row_factory=class_row(NamespaceRow)) as cursor:
        cursor.execute(
            f"SELECT {_NAMESPACE_COLUMNS} FROM log_namespace WHERE index_id = %s "  # noqa: S608 - a constant
            "ORDER BY created_at, namespace_id",
            [index_id],
        )
        return cursor.fetchall()


def get_namespace(
    connection: Connection, index_id: UUID, namespace_id: UUID
) -> NamespaceRow | None:
    with translated_errors(), connection.cursor(row_factory=class_row(NamespaceRow)) as cursor:
        cursor.execute(
            f"SELECT {_NAMESPACE_COLUMNS} FROM log_namespace "  # noqa: S608 - a constant
            "WHERE index_id = %s AND namespace_id = %s",
            [index_id, namespace_id],
        )
        return cursor.fetchone()


def find_namespace(
    connection: Connection, key: DataKey, index_id: UUID, name: str
) -> NamespaceRow | None:
    """By the digest under the newest version of the key."""
    with translated_errors(), connection.cursor(row_factory=class_row(NamespaceRow)) as cursor:
        cursor.execute(
            f"SELECT {_NAMESPACE_COLUMNS} FROM log_namespace "  # noqa: S608 - a constant
            "WHERE index_id = %s AND name_digest = %s",
            [index_id, name_digest(key, index_id, name)],
        )
        return cursor.fetchone()


def create_namespace(
    connection: Connection,
    index_id: UUID,
    namespace: NewNamespace,
    *,
    epoch: int,
    event: DataPlaneEvent | None = None,
) -> None:
    """Write the row without a batch. Raises `AlreadyExists`, or `Fenced` for a stale epoch."""
    with _brief(connection):
        _hold_lease(connection, index_id, epoch, strength="SHARE")
        try:
            connection.execute(
                """INSERT INTO log_namespace
                       (index_id, namespace_id, name_digest, name_sealed, schema_sealed)
                   VALUES (%s, %s, %s, %s, %s)""",
                [
                    index_id,
                    namespace.namespace_id,
                    namespace.name_digest,
                    namespace.name_sealed,
                    namespace.schema_sealed,
                ],
            )
        except UniqueViolation as error:
            raise AlreadyExists("The namespace exists already.") from error
        if event is not None:
            record_event(connection, event)


def drop_namespace(
    connection: Connection,
    index_id: UUID,
    namespace_id: UUID,
    *,
    epoch: int,
    event: DataPlaneEvent | None = None,
) -> bool:
    """Remove the namespace at once; False where there was none. Its batches stay for the archive,
    and nobody else finds them any more."""
    place = {"index_id": index_id, "namespace_id": namespace_id}
    with _brief(connection):
        _hold_lease(connection, index_id, epoch, strength="UPDATE")
        connection.execute(_LAST_BASE, place)
        found = connection.execute(_DROP, place).rowcount
        if event is not None:
            record_event(connection, event)
        return found > 0


def drop_index(connection: Connection, index_id: UUID) -> None:
    """Remove the lease (so that no writer can add anything), namespaces and batches. Idempotent."""
    with translated_errors(), connection.transaction():
        for table in ("log_lease", "log_namespace", "log_batch", "log_dropped", "log_base"):
            connection.execute(f"DELETE FROM {table} WHERE index_id = %s", [index_id])  # noqa: S608 - constants


def last_lsn(connection: Connection, index_id: UUID, namespace_id: UUID) -> int:
    """The namespace's last LSN; 0 where nothing was written yet."""
    with translated_errors(), connection.cursor(row_factory=scalar_row) as cursor:
        cursor.execute(
            """SELECT greatest(
                   (SELECT max(lsn) FROM log_batch WHERE index_id = %(i)s AND namespace_id = %(n)s),
                   (SELECT manifest_lsn FROM log_namespace
                    WHERE index_id = %(i)s AND namespace_id = %(n)s))""",
            {"i": index_id, "n": namespace_id},
        )
        return int(cursor.fetchone() or 0)


def read_batches(
    connection: Connection,
    key: DataKey,
    index_id: UUID,
    namespace_id: UUID,
    *,
    after_lsn: int,
    up_to_lsn: int | None = None,
) -> Iterator[tuple[int, Operation, datetime]]:
    """(LSN, operation, commit time) in order, some megabytes in memory at a time.

    Raises `DataLoss` where a batch is missing or does not authenticate.
    """
    place = {"index_id": index_id, "namespace_id": namespace_id}
    limit = _MIN_ROWS_A_FETCH
    while rows := _fetch(
        connection, {**place, "after": after_lsn, "up_to": up_to_lsn, "limit": limit}
    ):
        largest = max(len(sealed) for _, _, sealed, _ in rows)
        limit = min(max(_BYTES_A_FETCH // largest, _MIN_ROWS_A_FETCH), _MAX_ROWS_A_FETCH)
        for lsn, code, sealed, committed_at in rows:
            if lsn != after_lsn + 1:
                raise DataLoss(f"Batch {after_lsn + 1} of namespace {namespace_id} is missing.")
            yield lsn, open_batch(key, code, sealed, lsn=lsn, **place), committed_at
            after_lsn = lsn


def _fetch(
    connection: Connection, parameters: dict[str, UUID | int | None]
) -> list[tuple[int, int, bytes, datetime]]:
    with translated_errors(), connection.cursor(binary=True, row_factory=tuple_row) as cursor:
        cursor.execute(
            """SELECT lsn, operation, sealed, committed_at FROM log_batch
               WHERE index_id = %(index_id)s AND namespace_id = %(namespace_id)s
                 AND lsn > %(after)s AND lsn <= coalesce(%(up_to)s::bigint, lsn)
               ORDER BY lsn LIMIT %(limit)s""",
            parameters,
        )
        return cursor.fetchall()


def uncovered(connection: Connection, threshold: int) -> list[Uncovered]:
    """Namespaces whose uncovered batches name more than `threshold` records, the fullest first."""
    with translated_errors(), connection.cursor(row_factory=class_row(Uncovered)) as cursor:
        cursor.execute(
            """SELECT n.index_id, n.namespace_id, pending.records
               FROM log_namespace n CROSS JOIN LATERAL (
                   SELECT sum(b.record_count) AS records FROM log_batch b
                   WHERE b.index_id = n.index_id AND b.namespace_id = n.namespace_id
                     AND b.lsn > n.manifest_lsn) pending
               WHERE pending.records > %s ORDER BY pending.records DESC""",
            [threshold],
        )
        return cursor.fetchall()


def manifest_versions(connection: Connection) -> dict[tuple[UUID, UUID], int]:
    """The current manifest's version of every (index, namespace) there is."""
    with translated_errors(), connection.cursor(row_factory=tuple_row) as cursor:
        cursor.execute("SELECT index_id, namespace_id, manifest_version FROM log_namespace")
        return {(index_id, namespace_id): version for index_id, namespace_id, version in cursor}


def merges_due(connection: Connection) -> list[tuple[UUID, UUID]]:
    """(index, namespace) of those whose manifest has segments worth merging."""
    with translated_errors(), connection.cursor(row_factory=tuple_row) as cursor:
        cursor.execute(
            "SELECT index_id, namespace_id FROM log_namespace WHERE is_merge_due "
            "ORDER BY index_id, namespace_id"
        )
        return cursor.fetchall()


def trim(connection: Connection, retention_s: float) -> int:
    """Delete batches that are archived, that a manifest covers or whose namespace was dropped, and
    that are older than that; returns how many."""
    total = 0
    while True:
        with translated_errors():
            deleted = connection.execute(
                """DELETE FROM log_batch WHERE ctid = ANY(ARRAY(
                       SELECT b.ctid FROM (
                           SELECT index_id, namespace_id, least(manifest_lsn, archived_lsn) AS lsn
                           FROM log_namespace UNION ALL
                           SELECT index_id, namespace_id, archived_lsn FROM log_dropped) n
                       JOIN log_batch b ON b.index_id = n.index_id
                           AND b.namespace_id = n.namespace_id AND b.lsn <= n.lsn
                       WHERE b.committed_at < clock_timestamp() - make_interval(secs => %s)
                       LIMIT %s))""",
                [retention_s, _ROWS_A_TRIM],
            ).rowcount
        total += deleted
        if deleted < _ROWS_A_TRIM:
            return total


@contextmanager
def _brief(connection: Connection) -> Iterator[None]:
    """A transaction that holds a lease: whoever freezes in it, or loses its machine, loses it."""
    with translated_errors(), connection.transaction():
        timeout = "idle_in_transaction_session_timeout"
        connection.execute("SELECT set_config(%s, %s, true)", [timeout, _FROZEN])
        yield


def _hold_lease(connection: Connection, index_id: UUID, epoch: int, *, strength: str) -> None:
    held = connection.execute(
        f"SELECT 1 FROM log_lease WHERE index_id = %s AND epoch = %s FOR {strength}",  # noqa: S608 - a constant
        [index_id, epoch],
    ).fetchone()
    if held is None:
        raise Fenced
