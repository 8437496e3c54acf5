"""The rows of one namespace, written anew. All functions want an open transaction."""

from collections.abc import Iterable

from storage.archive.form import ArchivedBatch, Created, Dropped, Place
from storage.database import Connection
from storage.manifests import Manifest

_TIME = "timestamptz 'epoch' + {} * interval '1 microsecond'"


def forget(connection: Connection, place: Place) -> None:
    """All of the namespace but its batches: those that are here are not older than the archive."""
    for table in ("log_namespace", "log_dropped", "log_base"):
        connection.execute(
            f"DELETE FROM {table} WHERE index_id = %s AND namespace_id = %s",  # noqa: S608 - constants
            list(place),
        )


def forget_batches(connection: Connection, place: Place, up_to_lsn: int) -> None:
    connection.execute(
        "DELETE FROM log_batch WHERE index_id = %s AND namespace_id = %s AND lsn <= %s",
        [*place, up_to_lsn],
    )


def has_batches(connection: Connection, place: Place) -> bool:
    row = connection.execute(
        "SELECT 1 FROM log_batch WHERE index_id = %s AND namespace_id = %s LIMIT 1", list(place)
    ).fetchone()
    return row is not None


def has_all(connection: Connection, place: Place, first: int, last: int) -> bool:
    """Whether each batch of that stretch is in the log."""
    row = connection.execute(
        """SELECT count(*) FROM log_batch
           WHERE index_id = %s AND namespace_id = %s AND lsn BETWEEN %s AND %s""",
        [*place, first, last],
    ).fetchone()
    return row is not None and row[0] == last - first + 1


def reaches(connection: Connection, place: Place, lsn: int) -> bool:
    """Whether the log holds a batch that is not before that one."""
    row = connection.execute(
        "SELECT max(lsn) FROM log_batch WHERE index_id = %s AND namespace_id = %s", list(place)
    ).fetchone()
    return row is not None and row[0] is not None and row[0] >= lsn


def write_namespace(
    connection: Connection,
    place: Place,
    created: Created,
    manifest: Manifest,
    *,
    name_digest: bytes,
    archived_lsn: int,
) -> None:
    """It is looked over for segments to merge, as nobody knows whether it was."""
    connection.execute(
        f"""INSERT INTO log_namespace (index_id, namespace_id, name_digest, name_sealed,
                schema_sealed, manifest_version, manifest_lsn, is_merge_due, archived_lsn,
                origin_lsn, origin_at, created_at)
            VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, {_TIME.format("%s")},
                {_TIME.format("%s")})""",  # noqa: S608 - constants
        [*place, name_digest, created.name_sealed, created.schema_sealed, manifest.version,
         manifest.lsn, manifest.version > 0, archived_lsn, created.origin_lsn,
         created.origin_at_us, created.created_at_us],
    )  # fmt: skip


def write_dropped(connection: Connection, place: Place, created: Created, dropped: Dropped) -> None:
    connection.execute(
        f"""INSERT INTO log_dropped (index_id, namespace_id, name_sealed, schema_sealed,
                created_at, origin_lsn, origin_at, dropped_at, last_lsn, archived_lsn, is_archived)
            VALUES (%s, %s, %s, %s, {_TIME.format("%s")}, %s, {_TIME.format("%s")},
                {_TIME.format("%s")}, %s, %s, false)""",  # noqa: S608 - constants
        [*place, created.name_sealed, created.schema_sealed, created.created_at_us,
         created.origin_lsn, created.origin_at_us, dropped.dropped_at_us, dropped.last_lsn,
         dropped.last_lsn],
    )  # fmt: skip


def write_bases(connection: Connection, place: Place, bases: Iterable[Manifest]) -> None:
    with connection.cursor() as cursor:
        cursor.executemany(
            """INSERT INTO log_base (index_id, namespace_id, manifest_version, manifest_lsn)
               VALUES (%s, %s, %s, %s)""",
            [[*place, one.version, one.lsn] for one in bases],
        )


def write_batches(
    connection: Connection, place: Place, batches: Iterable[tuple[ArchivedBatch, int]]
) -> None:
    """Each with its count of records. The archive's own sealing is the newest there is."""
    with connection.cursor() as cursor:
        cursor.executemany(
            f"""INSERT INTO log_batch (index_id, namespace_id, lsn, operation, record_count,
                    sealed, committed_at)
                VALUES (%s, %s, %s, %s, %s, %s, {_TIME.format("%s")})
                ON CONFLICT (index_id, namespace_id, lsn) DO UPDATE SET sealed = excluded.sealed""",  # noqa: S608 - constants
            [
                [*place, batch.lsn, batch.operation, count, batch.sealed, batch.committed_at_us]
                for batch, count in batches
            ],
        )
