"""What the database knows of the archived log: what has still to be archived, what was dropped,
which manifests are kept as bases of restores.

All functions want a connection in autocommit mode, as `storage.database.connect` opens it.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg.rows import class_row, tuple_row

from storage.archive.form import ArchivedBatch, Place
from storage.database import Connection, translated_errors

_MAX_ROWS, _MAX_BYTES = 1_000, 8 << 20
_US = "(extract(epoch FROM {}) * 1000000)::bigint"


@dataclass(frozen=True, slots=True)
class Unarchived:
    """A namespace of which something is not in the archive yet.

    `archived_lsn` is -1 where that is everything, its name included. `dropped_at_us` is None as
    long as the namespace is there.
    """

    index_id: UUID
    namespace_id: UUID
    name_sealed: bytes
    schema_sealed: bytes | None
    created_at_us: int
    origin_lsn: int
    origin_at_us: int
    archived_lsn: int
    dropped_at_us: int | None = None
    last_lsn: int | None = None

    @property
    def place(self) -> Place:
        return self.index_id, self.namespace_id


@dataclass(frozen=True, slots=True)
class Lived:
    """A namespace that is there, or was until `dropped_at`."""

    namespace_id: UUID
    name_sealed: bytes
    schema_sealed: bytes | None
    created_at: datetime
    origin_lsn: int
    origin_at: datetime
    archived_lsn: int
    dropped_at: datetime | None


@dataclass(frozen=True, slots=True, order=True)
class Base:
    """A manifest from which a restore may start."""

    manifest_lsn: int
    manifest_version: int


_HAS_MORE = """EXISTS (SELECT 1 FROM log_batch b WHERE b.index_id = n.index_id
    AND b.namespace_id = n.namespace_id AND b.lsn > n.archived_lsn)"""

_ROW = f"""index_id, namespace_id, name_sealed, schema_sealed, {_US.format("created_at")}
    AS created_at_us, origin_lsn, {_US.format("origin_at")} AS origin_at_us, archived_lsn"""

_UNARCHIVED = f"""
    SELECT {_ROW}, NULL::bigint AS dropped_at_us, NULL::bigint AS last_lsn
    FROM log_namespace n
    WHERE (archived_lsn < 0 OR {_HAS_MORE}) AND index_id = coalesce(%(index_id)s, index_id)
    UNION ALL
    SELECT {_ROW}, {_US.format("dropped_at")}, last_lsn
    FROM log_dropped WHERE NOT is_archived AND index_id = coalesce(%(index_id)s, index_id)
    ORDER BY index_id, namespace_id"""  # noqa: S608 - constants

_LIFE = "namespace_id, name_sealed, schema_sealed, created_at, origin_lsn, origin_at, archived_lsn"


def unarchived(connection: Connection, index_id: UUID | None = None) -> list[Unarchived]:
    """What waits for the archive, of one index or of all."""
    with translated_errors(), connection.cursor(row_factory=class_row(Unarchived)) as cursor:
        cursor.execute(_UNARCHIVED, {"index_id": index_id})
        return cursor.fetchall()


def batches_after(connection: Connection, place: Place, lsn: int) -> list[ArchivedBatch]:
    """The next rows of the log, some of them."""
    with translated_errors(), connection.cursor(binary=True, row_factory=tuple_row) as cursor:
        cursor.execute(
            f"""SELECT lsn, operation, sealed, {_US.format("committed_at")} FROM (
                    SELECT *, sum(length(sealed)) OVER (ORDER BY lsn) AS so_far FROM (
                        SELECT lsn, operation, sealed, committed_at FROM log_batch
                        WHERE index_id = %s AND namespace_id = %s AND lsn > %s
                        ORDER BY lsn LIMIT %s) taken) summed
                WHERE so_far - length(sealed) < %s ORDER BY lsn""",  # noqa: S608 - constants
            [*place, lsn, _MAX_ROWS, _MAX_BYTES],
        )
        return [ArchivedBatch(*row) for row in cursor]


def note_archived(connection: Connection, place: Place, lsn: int) -> None:
    """Everything up to that LSN lies in the object store; rows of the log may go."""
    for table in ("log_namespace", "log_dropped"):
        with translated_errors():
            connection.execute(
                f"""UPDATE {table} SET archived_lsn = greatest(archived_lsn, %s)
                    WHERE index_id = %s AND namespace_id = %s""",  # noqa: S608 - constants
                [lsn, *place],
            )


def note_end_archived(connection: Connection, place: Place) -> None:
    """All of a dropped namespace lies in the object store."""
    with translated_errors():
        connection.execute(
            """UPDATE log_dropped SET is_archived = true
               WHERE index_id = %s AND namespace_id = %s AND archived_lsn >= last_lsn""",
            list(place),
        )


def lives(connection: Connection, index_id: UUID) -> list[Lived]:
    """The namespaces of the index, and those dropped within the window, as of one moment."""
    with translated_errors(), connection.cursor(row_factory=class_row(Lived)) as cursor:
        cursor.execute(
            f"""SELECT {_LIFE}, NULL::timestamptz AS dropped_at FROM log_namespace
                WHERE index_id = %(index_id)s
                UNION ALL SELECT {_LIFE}, dropped_at FROM log_dropped
                WHERE index_id = %(index_id)s ORDER BY namespace_id""",  # noqa: S608 - constants
            {"index_id": index_id},
        )
        return cursor.fetchall()


def bases(connection: Connection, place: Place) -> list[Base]:
    """Manifests that a restore may start from, the oldest first; the current one among them."""
    with translated_errors(), connection.cursor(row_factory=class_row(Base)) as cursor:
        cursor.execute(
            """SELECT manifest_lsn, manifest_version FROM log_base
               WHERE index_id = %(index_id)s AND namespace_id = %(namespace_id)s
               UNION
               SELECT manifest_lsn, manifest_version FROM log_namespace
               WHERE index_id = %(index_id)s AND namespace_id = %(namespace_id)s
                 AND manifest_version > 0
               ORDER BY manifest_lsn, manifest_version""",
            dict(zip(("index_id", "namespace_id"), place, strict=True)),
        )
        return cursor.fetchall()


def keep_bases(connection: Connection, interval_s: float) -> None:
    """Note the current manifest of every namespace that has noted none for so long."""
    with translated_errors():
        connection.execute(
            """INSERT INTO log_base (index_id, namespace_id, manifest_version, manifest_lsn)
               SELECT index_id, namespace_id, manifest_version, manifest_lsn FROM log_namespace n
               WHERE manifest_version > 0 AND NOT EXISTS (
                   SELECT 1 FROM log_base b WHERE b.index_id = n.index_id
                     AND b.namespace_id = n.namespace_id
                     AND (b.manifest_version = n.manifest_version
                          OR b.noted_at > clock_timestamp() - make_interval(secs => %s)))
               ON CONFLICT DO NOTHING""",
            [interval_s],
        )


def noted_bases(connection: Connection) -> dict[Place, list[Base]]:
    """Of every (index, namespace) the manifests that are kept for restores, the oldest first."""
    found: dict[Place, list[Base]] = defaultdict(list)
    with translated_errors(), connection.cursor(row_factory=tuple_row) as cursor:
        cursor.execute(
            """SELECT index_id, namespace_id, manifest_lsn, manifest_version FROM log_base
               ORDER BY manifest_lsn, manifest_version"""
        )
        for index_id, namespace_id, lsn, version in cursor:
            found[index_id, namespace_id].append(Base(lsn, version))
    return found


def start_from(connection: Connection, place: Place, base: Base) -> None:
    """Keep this base, and let go of those before it, and of the log up to it."""
    with translated_errors(), connection.transaction():
        connection.execute(
            """INSERT INTO log_base (index_id, namespace_id, manifest_lsn, manifest_version)
               VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING""",
            [*place, base.manifest_lsn, base.manifest_version],
        )
        connection.execute(
            """DELETE FROM log_base WHERE index_id = %s AND namespace_id = %s
                 AND (manifest_lsn, manifest_version) < (%s, %s)""",
            [*place, base.manifest_lsn, base.manifest_version],
        )
        for table in ("log_namespace", "log_dropped"):
            connection.execute(
                f"""UPDATE {table} SET origin_lsn = %s
                    WHERE index_id = %s AND namespace_id = %s AND origin_lsn < %s""",  # noqa: S608 - constants
                [base.manifest_lsn, *place, base.manifest_lsn],
            )


def dropped(connection: Connection) -> dict[Place, datetime]:
    """The namespaces whose log stays for a while after their end, and when that was."""
    with translated_errors(), connection.cursor(row_factory=tuple_row) as cursor:
        cursor.execute("SELECT index_id, namespace_id, dropped_at FROM log_dropped")
        return {(index_id, namespace_id): at for index_id, namespace_id, at in cursor}


def forget_dropped(connection: Connection, place: Place) -> None:
    """Let go of all that a dropped namespace has left in the database. Idempotent."""
    with translated_errors(), connection.transaction():
        for table in ("log_batch", "log_base", "log_dropped"):
            connection.execute(
                f"DELETE FROM {table} WHERE index_id = %s AND namespace_id = %s",  # noqa: S608 - constants
                list(place),
            )
