"""Pins: which manifest of which namespace a backup needs, and which stretch of its archived log,
for as long as the backup is there.

The sweep (`storage/garbage.py`) keeps a pinned manifest and its segments, and what holds a batch of
the pinned log, also when namespace or index have gone.
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
    """Of the archived log the batches after `log_after` and up to `log_upto`; none: both are 0."""

    namespace_id: UUID
    manifest_version: int
    log_after: int = 0
    log_upto: int = 0

    def needs(self, first: int, last: int) -> bool:
        """Whether one of the batches from `first` to `last` is pinned."""
        return first <= self.log_upto and last > self.log_after

    def is_kept_by(self, kept: "Pin | None") -> bool:
        """Whether that one keeps at least as much."""
        if kept is None or kept.manifest_version != self.manifest_version:
            return False
        has_log = self.log_upto > self.log_after
        return not has_log or kept.log_after <= self.log_after < self.log_upto <= kept.log_upto


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
                """INSERT INTO log_pin (backup_id, index_id, namespace_id, manifest_version,
                       log_after, log_upto)
                   VALUES (%s, %s, %s, %s, %s, %s)""",
                [(backup_id, index_id, *one) for one in wanted],
            )


def unpin(connection: Connection, backup_id: UUID) -> None:
    """Let go of what the backup needed. Idempotent."""
    with translated_errors():
        connection.execute("DELETE FROM log_pin WHERE backup_id = %s", [backup_id])


def pins_by_place(connection: Connection) -> dict[Place, set[Pin]]:
    """What backups need of each (index, namespace)."""
    found: dict[Place, set[Pin]] = defaultdict(set)
    with translated_errors(), connection.cursor(row_factory=tuple_row) as cursor:
        cursor.execute(
            """SELECT DISTINCT index_id, namespace_id, manifest_version, log_after, log_upto
               FROM log_pin"""
        )
        for index_id, *pinned in cursor:
            found[index_id, pinned[0]].add(Pin(*pinned))
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
