"""Bulk imports as rows: the front writes wishes, the importer how far it has come.

The error of an import may quote records and namespaces: it is sealed, as the importer's place is.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from psycopg.rows import class_row

from keyring.envelope import DataKey
from storage.database import Connection, translated_errors
from storage.sealing import seal_named, unseal_named

ERROR_PURPOSE, CURSOR_PURPOSE = "import error", "import cursor"


class ImportStatus(StrEnum):
    """Pinecone's names; the last three are final."""

    PENDING = "Pending"
    IN_PROGRESS = "InProgress"
    FAILED = "Failed"
    COMPLETED = "Completed"
    CANCELLED = "Cancelled"


class OnError(StrEnum):
    ABORT = "abort"
    CONTINUE = "continue"


UNFINISHED = (str(ImportStatus.PENDING), str(ImportStatus.IN_PROGRESS))


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportRow:
    """`key_id` is the public id of the key that started it, "" for the operator."""

    id: UUID
    organization_id: UUID
    index_id: UUID
    key_id: str
    uri: str
    integration_id: UUID | None
    on_error: str
    status: str
    created_at: datetime
    finished_at: datetime | None
    percent_complete: float
    records_imported: int
    records_refused: int
    failures: int
    sealed_cursor: bytes | None = field(default=None, repr=False)
    sealed_error: bytes | None = field(default=None, repr=False)

    @property
    def is_finished(self) -> bool:
        return self.status not in UNFINISHED

    def error(self, key: DataKey) -> str | None:
        if self.sealed_error is None:
            return None
        return opened_error(key, self.id, self.sealed_error)

    def cursor(self, key: DataKey) -> bytes | None:
        if self.sealed_cursor is None:
            return None
        return unseal_named(key, self.sealed_cursor, CURSOR_PURPOSE, self.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewImport:
    id: UUID
    index_id: UUID
    key_id: str
    uri: str
    on_error: str
    integration_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """Counts are of the whole import, so telling the same twice changes nothing."""

    percent_complete: float
    records_imported: int
    records_refused: int
    cursor: bytes = field(repr=False)


_COLUMNS = """id, organization_id, index_id, key_id, uri, integration_id, on_error, status,
    created_at, finished_at, percent_complete, records_imported, records_refused, failures,
    sealed_cursor, sealed_error"""
_INSERT = """
    INSERT INTO indexes_import (id, organization_id, index_id, key_id, uri, integration_id,
        on_error, status, created_at, percent_complete, records_imported, records_refused,
        failures, due_at)
    SELECT %s, org_id, index_id, %s, %s, %s, %s, 'Pending', clock_timestamp(), 0, 0, 0, 0,
        clock_timestamp()
    FROM dataplane_index WHERE index_id = %s AND state <> 'Terminating'
"""
_CANCEL = """
    UPDATE indexes_import SET status = 'Cancelled', finished_at = clock_timestamp()
    WHERE id = %s AND index_id = %s AND status IN ('Pending', 'InProgress')
"""
_DUE = """
    SELECT id FROM indexes_import
    WHERE status IN ('Pending', 'InProgress') AND due_at <= clock_timestamp()
        AND (%(node)s::text IS NULL OR EXISTS (
            SELECT FROM dataplane_index i
            WHERE i.index_id = indexes_import.index_id AND i.node_name = %(node)s))
    ORDER BY due_at, id LIMIT %(most)s
"""
_BEGIN = f"""
    UPDATE indexes_import SET status = 'InProgress', due_at = clock_timestamp()
    WHERE id = %s AND status IN ('Pending', 'InProgress') RETURNING {_COLUMNS}
"""  # noqa: S608 - our own words
_ADVANCE = """
    UPDATE indexes_import SET percent_complete = %s, records_imported = %s, records_refused = %s,
        sealed_cursor = %s, failures = 0
    WHERE id = %s AND status = 'InProgress'
"""
_FINISH = """
    UPDATE indexes_import SET status = %s, sealed_error = %s, finished_at = clock_timestamp(),
        percent_complete = CASE WHEN %s THEN 100 ELSE percent_complete END
    WHERE id = %s AND status IN ('Pending', 'InProgress')
"""
_POSTPONE = """
    UPDATE indexes_import SET failures = failures + 1,
        due_at = clock_timestamp() + least(5 * 2 ^ least(failures, 6), 120) * interval '1 second'
    WHERE id = %s AND status IN ('Pending', 'InProgress') RETURNING failures
"""


def opened_error(key: DataKey, import_id: UUID, sealed: bytes) -> str:
    return unseal_named(key, sealed, ERROR_PURPOSE, import_id).decode()


def insert_import(connection: Connection, new: NewImport) -> bool:
    """False where the index is not there any more. Part of the act's transaction."""
    row = [new.id, new.key_id, new.uri, new.integration_id, new.on_error, new.index_id]
    with translated_errors():
        return connection.execute(_INSERT, row).rowcount == 1


def cancel_import(connection: Connection, index_id: UUID, import_id: UUID) -> bool:
    """False where nothing was left to be cancelled. Part of the act's transaction."""
    with translated_errors():
        return connection.execute(_CANCEL, [import_id, index_id]).rowcount == 1


def load_import(connection: Connection, import_id: UUID) -> ImportRow | None:
    found = _rows(connection, "id = %s", [import_id])
    return found[0] if found else None


def list_imports(
    connection: Connection, index_id: UUID, *, limit: int, before: UUID | None
) -> list[ImportRow]:
    """The newest first; `before` is the last one of the page before."""
    rest = "index_id = %s AND (%s::uuid IS NULL OR id < %s) ORDER BY id DESC LIMIT %s"
    return _rows(connection, rest, [index_id, before, before, limit])


def count_unfinished(connection: Connection, index_id: UUID) -> int:
    statement = """SELECT count(*) FROM indexes_import
        WHERE index_id = %s AND status IN ('Pending', 'InProgress')"""
    with translated_errors():
        row = connection.execute(statement, [index_id]).fetchone()
    return int(row[0]) if row else 0


def due_imports(
    connection: Connection, *, at_most: int = 10, node: str | None = None
) -> list[UUID]:
    """Those that wait for a turn, the longest waiting first, of whatever tenant; into indexes of
    that node, if one is named."""
    with translated_errors():
        found = connection.execute(_DUE, {"most": at_most, "node": node})
        return [row[0] for row in found.fetchall()]


def begin_turn(connection: Connection, import_id: UUID) -> ImportRow | None:
    """The row, now in progress and last in line; None where nothing is left to do."""
    with translated_errors(), connection.cursor(row_factory=class_row(ImportRow)) as cursor:
        return cursor.execute(_BEGIN, [import_id]).fetchone()


def advance(connection: Connection, key: DataKey, import_id: UUID, progress: Progress) -> bool:
    """Keep how far it has come; False where it was cancelled or its index deleted."""
    sealed = seal_named(key, progress.cursor, CURSOR_PURPOSE, import_id)
    counts = [progress.percent_complete, progress.records_imported, progress.records_refused]
    with translated_errors():
        return connection.execute(_ADVANCE, [*counts, sealed, import_id]).rowcount == 1


def finish(
    connection: Connection, key: DataKey, import_id: UUID, *, status: ImportStatus, error: str
) -> None:
    """The end, unless it has one already."""
    sealed = seal_named(key, error.encode(), ERROR_PURPOSE, import_id) if error else None
    is_complete = status is ImportStatus.COMPLETED
    with translated_errors():
        connection.execute(_FINISH, [status, sealed, is_complete, import_id])


def postpone(connection: Connection, import_id: UUID) -> int:
    """Let it wait, longer each time; how often that was since it last came on."""
    with translated_errors():
        row = connection.execute(_POSTPONE, [import_id]).fetchone()
    return int(row[0]) if row else 0


def pass_over(connection: Connection, import_id: UUID) -> None:
    """Let others go first for a moment."""
    statement = """UPDATE indexes_import SET due_at = clock_timestamp() + interval '2 seconds'
        WHERE id = %s AND status IN ('Pending', 'InProgress')"""
    with translated_errors():
        connection.execute(statement, [import_id])


def forget_old(connection: Connection, *, days: int, organization_id: UUID | None = None) -> int:
    """Delete finished imports that are older, of everybody or of one organization; how many.
    Crosses tenants."""
    statement = """DELETE FROM indexes_import
        WHERE finished_at < clock_timestamp() - %(days)s * interval '1 day'
          AND (%(organization)s::uuid IS NULL OR organization_id = %(organization)s)"""
    with translated_errors():
        bounds = {"days": days, "organization": organization_id}
        return connection.execute(statement, bounds).rowcount


def _rows(connection: Connection, condition: str, parameters: Sequence[Any]) -> list[ImportRow]:
    statement = f"SELECT {_COLUMNS} FROM indexes_import WHERE {condition}"  # noqa: S608 - own words
    with translated_errors(), connection.cursor(row_factory=class_row(ImportRow)) as cursor:
        return cursor.execute(statement, parameters).fetchall()
