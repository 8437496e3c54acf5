"""Moving the log into the archive: what was acknowledged first, then the note that it is there."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

import structlog

from keyring.envelope import DataKey
from keyring.outer.key import KeyRefused
from kit.errors import DataLoss, StonepineError
from storage.archive import rows
from storage.archive.form import Created, Dropped, write_created, write_dropped, write_stretch
from storage.database import Connection
from storage.objects import ObjectStore

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Archiver:
    """One look at what waits. Dying anywhere, or running twice at once, does no harm: the log's
    rows stay until their note is written, and the same batches may lie in two objects."""

    connection: Connection
    store: ObjectStore
    key_of: Callable[[UUID], DataKey | None]

    def archive(self, index_id: UUID | None = None) -> int:
        """Archive what is there now, of one index or of all; how many batches.

        Of all, a namespace that cannot be archived (no key, a gap in its log) waits for the next
        time and does not hold up the others.
        """
        count = 0
        for waiting in rows.unarchived(self.connection, index_id):
            try:
                count += self._archive(waiting)
            except StonepineError as error:
                if index_id is not None:
                    raise
                place = {"namespace_id": str(waiting.namespace_id)}
                # A key that is not to be used is its owner's wish, and no failure of ours.
                tell = _log.info if isinstance(error, KeyRefused) else _log.error
                tell("log_not_archived", reason=error.message, **place)
        return count

    def _archive(self, waiting: rows.Unarchived) -> int:
        key = self.key_of(waiting.index_id)
        if key is None:
            raise DataLoss(f"The index {waiting.index_id} has no data key.")
        if waiting.archived_lsn < 0:
            self._introduce(key, waiting)
        count = self._take_batches(key, waiting)
        if waiting.dropped_at_us is not None:
            end = Dropped(waiting.dropped_at_us, waiting.last_lsn or 0)
            write_dropped(self.store, key, waiting.place, end)
            rows.note_end_archived(self.connection, waiting.place)
        return count

    def _introduce(self, key: DataKey, waiting: rows.Unarchived) -> None:
        made = Created(
            waiting.name_sealed, waiting.schema_sealed, waiting.created_at_us,
            waiting.origin_lsn, waiting.origin_at_us,
        )  # fmt: skip
        write_created(self.store, key, waiting.place, made)
        rows.note_archived(self.connection, waiting.place, 0)

    def _take_batches(self, key: DataKey, waiting: rows.Unarchived) -> int:
        place, done, count = waiting.place, waiting.archived_lsn, 0
        while batches := rows.batches_after(self.connection, place, max(done, 0)):
            lsns = [batch.lsn for batch in batches]
            # The first ones may begin before the origin, where older ones went long ago.
            first = done + 1 if done > 0 else min(lsns[0], waiting.origin_lsn + 1)
            if lsns != list(range(first, first + len(lsns))):
                raise DataLoss(f"Batches of namespace {waiting.namespace_id} are missing.")
            done = write_stretch(self.store, key, place, batches).last
            rows.note_archived(self.connection, place, done)
            count += len(batches)
        return count
