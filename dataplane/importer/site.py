"""What an importer works with: the import's row, the index's engines, and who may still go on."""

import time
from dataclasses import dataclass
from uuid import UUID

from dataplane.engine import messages
from dataplane.engine.spec import IndexSpec, Metric, VectorType
from dataplane.front.allowances import refusals
from dataplane.front.engines import ThreadEngines
from dataplane.importer.cursor import Cursor
from dataplane.importer.source import ImportFailed, Source
from dataplane.importer.sources import open_source
from keyring.envelope import DataKey
from kit import clock
from kit.environment import Environment
from kit.errors import (
    Aborted,
    DeadlineExceeded,
    ResourceExhausted,
    StonepineError,
    Unavailable,
)
from storage import imports
from storage.allowances import load_standings
from storage.catalog import IndexPaused, IndexRow, load_api_key, load_index
from storage.database import Connection
from storage.imports import ImportRow, ImportStatus, Progress

_PATIENCE_S = 20.0
_PASSING = (Unavailable, ResourceExhausted, DeadlineExceeded, Aborted)


class Postponed(Exception):
    """Something is down or full; the argument is for the import's owner, if it stays so."""


@dataclass(slots=True)
class Site:
    """Of one import. `settings` are the installation's."""

    connection: Connection
    engines: ThreadEngines
    settings: Environment
    index: IndexRow
    key: DataKey

    @property
    def spec(self) -> IndexSpec:
        index = self.index
        return IndexSpec(index.dimension, Metric(index.metric), VectorType(index.vector_type))

    def begin(self, import_id: UUID) -> ImportRow | None:
        return imports.begin_turn(self.connection, import_id)

    def open_source(self, row: ImportRow) -> Source:
        return open_source(self.connection, self.settings, self.index, key=self.key, row=row)

    def require_allowed(self, row: ImportRow) -> None:
        """Raises `ImportFailed` once the key that started it is no good, or nothing more may be
        stored."""
        if row.key_id:
            key = load_api_key(self.connection, row.key_id)
            if key is None or key.revoked_at is not None:
                raise ImportFailed("The API key that started the import is no longer valid.")
        today = clock.now().date()
        month = today.replace(day=1)
        for standing in load_standings(self.connection, [self.index.org_id], month=month):
            refused = refusals(standing, today)
            reason = refused.growth or refused.writes
            if reason:
                raise ImportFailed(reason)

    def record_counts(self) -> dict[str, int]:
        """By namespace."""
        reply = self._ask(messages.DescribeStats(index_id=self.index.index_id), is_write=False)
        assert isinstance(reply, messages.Stats)
        return {one.name: one.record_count for one in reply.namespaces}

    def write(self, request: messages.Upsert) -> None:
        """Durable and visible on return. Writing the same again changes nothing."""
        self._ask(request, is_write=True)

    def advance(self, row: ImportRow, cursor: Cursor, percent: float) -> bool:
        """False where the import is not wanted any more."""
        progress = Progress(percent, cursor.imported, cursor.refused, cursor.to_bytes())
        return imports.advance(self.connection, self.key, row.id, progress)

    def finish(self, import_id: UUID, status: ImportStatus, error: str) -> None:
        imports.finish(self.connection, self.key, import_id, status=status, error=error)

    def postpone(self, import_id: UUID) -> int:
        return imports.postpone(self.connection, import_id)

    def has_others_waiting(self, import_id: UUID) -> bool:
        return any(due != import_id for due in imports.due_imports(self.connection))

    def _ask(self, request: messages.Request, *, is_write: bool) -> messages.AnyReply:
        """The reply, as soon as the engine can give one. Raises `Postponed` where it takes long,
        and `ImportFailed` where waiting does not help."""
        ends_at = clock.monotonic_s() + _PATIENCE_S
        while True:
            try:
                return self.engines.ask(self.index, request, is_write=is_write)
            except _PASSING as error:
                if clock.monotonic_s() > ends_at:
                    raise Postponed(error.message) from error
                time.sleep(min(error.retry_after_s or 1, 5))
                # Meanwhile it may be served by another engine.
                self.index = load_index(self.connection, self.index.index_id) or self.index
            except IndexPaused as error:
                raise Postponed(error.message) from error
            except StonepineError as error:
                raise ImportFailed(error.message) from error
