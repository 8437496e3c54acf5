"""Pins: which manifest of which namespace a backup needs, for as long as the backup is there.

The sweep (`storage/garbage.py`) keeps a pinned manifest and its segments, also when namespace or
index have gone.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import NamedTuple
from uuid import UUID

from psycopg.rows import tuple_row

from kit.errors import Aborted
from storage.database import Connection, translated_errors

Place = tuple[UUID, UUID]


class Pin(NamedTuple):
    namespace_id: UUID
    manifest_version: int


def pin(connection: Connection, backup_id: UUID, index_id: UUID, pins: Iterable[Pin]) -> None:
    """Keep these manifests, in place of what the backup kept before.

    Raises `Aborted` where one of the namespaces has gone meanwhile: a sweep may have seen that.
    Who drops a namespace waits for this transaction, which does nothing else.
    """
    wanted = list(pins)
    ids = [one.namespace_id for one in wanted]
    with translated_errors(), connection.transaction():
        there = connection.execute(
            """SELECT 1 FROM log_namespace WHERE index_id = %s AND namespace_id = ANY(%s)
               FOR KEY SHARE""",
            [index_id, ids],
        ).fetchall()
        if len(there) != len(ids):
            raise Aborted("A namespace was deleted while the backup began.")
        connection.execute("DELETE FROM log_pin WHERE backup_id = %s", [backup_id])
        with connection.cursor() as cursor:
            cursor.executemany(
                """INSERT INTO log_pin (backup_id, index_id, namespace_id, manifest_version)
                   VALUES (%s, %s, %s, %s)""",
                [(backup_id, index_id, *one) for one in wanted],
            )


def unpin(connection: Connection, backup_id: UUID) -> None:
    """Let go of what the backup needed. Idempotent."""
    with translated_errors():
        connection.execute("DELETE FROM log_pin WHERE backup_id = %s", [backup_id])


def pinned_versions(connection: Connection) -> dict[Place, set[int]]:
    """The manifests of each (index, namespace) that backups need."""
    found: dict[Place, set[int]] = defaultdict(set)
    with translated_errors(), connection.cursor(row_factory=tuple_row) as cursor:
        cursor.execute("SELECT DISTINCT index_id, namespace_id, manifest_version FROM log_pin")
        for index_id, namespace_id, version in cursor:
            found[index_id, namespace_id].add(version)
    return found


def has_pins(connection: Connection, index_id: UUID) -> bool:
    with translated_errors():
        row = connection.execute(
            "SELECT 1 FROM log_pin WHERE index_id = %s LIMIT 1", [index_id]
        ).fetchone()
    return row is not None


def pinning_backups(connection: Connection) -> Collection[UUID]:
    """Every backup that keeps something."""
    with translated_errors(), connection.cursor(row_factory=tuple_row) as cursor:
        cursor.execute("SELECT DISTINCT backup_id FROM log_pin")
        return {backup_id for (backup_id,) in cursor}
