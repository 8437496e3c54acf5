"""Bulk imports as the front handles them: rows of the control plane's database, nothing more."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar
from uuid import UUID

from keyring.envelope import DataKey
from keyring.provider import KeyProvider
from kit.errors import InvalidArgument, NotFound, ResourceExhausted
from storage.catalog import IndexRow
from storage.database import Connection, LastingConnection
from storage.events import DataPlaneEvent, record_event
from storage.import_uris import parse_import_uri
from storage.imports import (
    ImportRow,
    NewImport,
    cancel_import,
    count_unfinished,
    insert_import,
    list_imports,
    load_import,
)
from storage.integrations import load_integration
from storage.project_keys import project_key

_MAX_UNFINISHED = 100
_NO_INTEGRATION = (
    "integrationId: this project has no such storage integration for the provider that uri names."
)
T = TypeVar("T")
# An import and what is told of its error.
Told = tuple[ImportRow, str | None]


class ImportDesk:
    """One connection and one thread of its own: imports are asked about rarely, and may wait.

    Whatever is done here may be done twice, so a broken connection is no reason to give up.
    """

    def __init__(self, url: str, keyring: KeyProvider) -> None:
        self._keyring = keyring
        self._lock = threading.Lock()
        self._connection = LastingConnection(url, "front imports")
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="imports")

    async def start(self, index: IndexRow, new: NewImport, event: DataPlaneEvent) -> None:
        """Write the wish and its event in one transaction; workers find it."""

        def act(connection: Connection) -> None:
            with connection.transaction():
                if load_import(connection, new.id) is not None:
                    return
                if count_unfinished(connection, new.index_id) >= _MAX_UNFINISHED:
                    raise ResourceExhausted(
                        f"This index has {_MAX_UNFINISHED} imports that are not finished: wait or "
                        "cancel some."
                    )
                _require_integration(connection, index, new)
                if not insert_import(connection, new):
                    raise NotFound("Index not found.")
                record_event(connection, event)

        await self._run(act)

    async def page(
        self, index: IndexRow, *, limit: int, before: UUID | None
    ) -> tuple[list[Told], UUID | None]:
        """A page, the newest first, and the id after which the next one starts."""

        def act(connection: Connection) -> tuple[list[Told], UUID | None]:
            rows = list_imports(connection, index.index_id, limit=limit + 1, before=before)
            page = [self._told(connection, index, row) for row in rows[:limit]]
            return page, rows[limit - 1].id if len(rows) > limit else None

        return await self._run(act)

    async def describe(self, index: IndexRow, import_id: UUID) -> Told:
        def act(connection: Connection) -> Told:
            return self._told(connection, index, _found(connection, index, import_id))

        return await self._run(act)

    async def cancel(self, index: IndexRow, import_id: UUID, event: DataPlaneEvent) -> None:
        """No effect, and no event, where it is finished already."""

        def act(connection: Connection) -> None:
            _found(connection, index, import_id)
            with connection.transaction():
                if cancel_import(connection, index.index_id, import_id):
                    record_event(connection, event)

        await self._run(act)

    def _told(self, connection: Connection, index: IndexRow, row: ImportRow) -> Told:
        if row.sealed_error is None:
            return row, None
        return row, row.error(self._key(connection, index))

    def _key(self, connection: Connection, index: IndexRow) -> DataKey:
        key = project_key(connection, self._keyring, index.project_id)
        if key is None:
            raise NotFound("Index not found.")
        return key

    async def _run(self, act: Callable[[Connection], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._ask, act)

    def _ask(self, act: Callable[[Connection], T]) -> T:
        with self._lock:
            return self._connection.run(act)


def read_import_id(text: str) -> UUID:
    """An id that is none is one of no import."""
    try:
        return UUID(text)
    except ValueError:
        raise NotFound("Import not found.") from None


def read_integration_id(text: str) -> UUID | None:
    if not text:
        return None
    try:
        return UUID(text)
    except ValueError:
        raise InvalidArgument(_NO_INTEGRATION) from None


def read_before(text: str | None) -> UUID | None:
    """What the token of a page carries."""
    if text is None:
        return None
    try:
        return UUID(text)
    except ValueError:
        raise InvalidArgument("paginationToken is not one of a list of imports.") from None


def _require_integration(connection: Connection, index: IndexRow, new: NewImport) -> None:
    if new.integration_id is None:
        return
    found = load_integration(connection, index.project_id, new.integration_id)
    if found is None or found.provider != parse_import_uri(new.uri).provider:
        raise InvalidArgument(_NO_INTEGRATION)


def _found(connection: Connection, index: IndexRow, import_id: UUID) -> ImportRow:
    row = load_import(connection, import_id)
    if row is None or row.index_id != index.index_id:
        raise NotFound("Import not found.")
    return row
