"""Writes: from a request to batches of the log, and from what is durable to memory and reply."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

import numpy as np
import structlog

from dataplane.engine import messages
from dataplane.engine.admission import admitted_fields, metadata_growth, update_pieces
from dataplane.engine.audited import event_by_hand, event_of
from dataplane.engine.failures import failure
from dataplane.engine.memory_ceiling import MemoryCeiling
from dataplane.engine.namespace import Namespace
from dataplane.engine.open_index import OpenIndex, OpenNamespace
from dataplane.engine.replication import Replication
from dataplane.engine.server import Answer
from dataplane.engine.sparse import from_message
from kit.errors import (
    Aborted,
    Internal,
    NotFound,
    ResourceExhausted,
    StonepineError,
    Unavailable,
)
from kit.ids import new_id
from storage.events import (
    NAMESPACE_EMPTIED,
    RECORDS_DELETED,
    RECORDS_UPDATED,
    RECORDS_UPSERTED,
    DataPlaneEvent,
)
from storage.write_log.appender import LogAppender
from storage.write_log.batches import PROBE_LSN, Completed, Failed, PendingBatch, seal_batch
from storage.write_log.errors import Fenced
from storage.write_log.names import new_namespace
from storage.write_log.operations import (
    DeleteAllOperation,
    DeleteOperation,
    Operation,
    UpdateOperation,
    UpsertOperation,
    operation_code,
    record_count,
)

MAX_PENDING_BYTES = 64 * 1024 * 1024
# A delete by filter may reach every record; it is logged in pieces of so many ids.
_IDS_A_BATCH = 10_000

_log = structlog.get_logger()


@dataclass(slots=True, eq=False)
class _Write:
    """One request under way. `remaining` batches are not durable yet."""

    index: OpenIndex
    space: OpenNamespace
    answer: Answer
    remaining: int
    count: int = 0
    is_answered: bool = False

    def refuse(self, error: StonepineError) -> None:
        if not self.is_answered:
            self.is_answered = True
            self.answer(failure(error))


@dataclass(frozen=True, slots=True, eq=False)
class _Piece:
    """What comes back with a batch's outcome."""

    write: _Write
    operation: Operation


class Writer:
    """Turns requests into batches, and applies them in the order in which they became durable.

    `close_index` is called where memory may no longer be what the log says, `doubt_index` where it
    is all that was acknowledged, but the log may hold more. `record` writes the event of an act
    for which nothing has to be logged.
    """

    def __init__(
        self,
        appender: LogAppender,
        memory: MemoryCeiling,
        close_index: Callable[[OpenIndex], None],
        doubt_index: Callable[[OpenIndex], None],
        *,
        replication: Replication,
        record: Callable[[DataPlaneEvent], None],
    ) -> None:
        self._appender = appender
        self._replication = replication
        self._memory = memory
        self._close_index = close_index
        self._doubt_index = doubt_index
        self._record = record

    @property
    def is_idle(self) -> bool:
        return self._appender.pending_bytes == 0

    def upsert(self, index: OpenIndex, request: messages.Upsert, answer: Answer) -> None:
        index.spec.check_upsert(request)
        self._check_capacity()
        self._memory.admit(_growth_bytes(request))
        count = len(request.ids)
        operation = UpsertOperation(
            request.ids,
            np.frombuffer(request.values, np.float32).reshape(count, index.spec.width),
            [from_message(row) for row in request.sparse] or [None] * count,
            request.metadata or [None] * count,
        )
        space = index.namespaces.get(request.namespace)
        fields = admitted_fields(space, request.metadata)
        space = space or _first_use(index, request.namespace)
        space.fields = fields
        event = event_by_hand(
            request, RECORDS_UPSERTED, namespace_id=space.namespace_id, records=count
        )
        self._submit(index, space, [operation], answer, event=event)

    def update(self, index: OpenIndex, request: messages.Update, answer: Answer) -> None:
        """By filter, or where `needs_quiet`, only while nothing of the namespace is pending."""
        index.spec.check_update(request)
        self._check_capacity()
        space = index.namespaces.get(request.namespace)
        ids = _updated_ids(space, request)
        is_empty = not (request.values or request.sparse or request.set_metadata)
        place = None if space is None else space.namespace_id
        event = event_by_hand(request, RECORDS_UPDATED, namespace_id=place, records=len(ids))
        if space is None or not ids or request.is_dry_run or is_empty:
            if event is not None:
                self._record(event)
            answer(messages.Written(lsn=None, count=len(ids)))
            return
        values = np.frombuffer(request.values, np.float32) if request.values else None
        sparse, patch = from_message(request.sparse), request.set_metadata
        fields = admitted_fields(space, [patch])
        grown = sum(map(space.memory.record_bytes, ids)) + len(ids) * len(patch or b"")
        self._memory.admit(grown)
        operations = [
            UpdateOperation(piece, values, sparse, patch)
            for piece in update_pieces(space, ids, patch)
        ]
        space.fields = fields
        self._submit(index, space, operations, answer, event=event)

    def delete(self, index: OpenIndex, request: messages.Delete, answer: Answer) -> None:
        """By filter only while nothing of the namespace is pending."""
        self._check_capacity()
        space = index.namespaces.get(request.namespace)
        if space is None and request.namespace:
            raise NotFound("Namespace not found")
        operations = [] if space is None else _deletions(space, request)
        event = _event_of_deletion(request, space)
        if space is None or not operations:
            if event is not None:
                self._record(event)
            answer(messages.Written(lsn=None))
            return
        self._submit(index, space, operations, answer, event=event)

    def probe(self, index: OpenIndex, answer: Answer) -> None:
        """A batch that the log takes and rolls back; a read is made when it has."""
        space = OpenNamespace("", new_id(), memory=Namespace(index.spec))
        write = _Write(index, space, answer, remaining=1)
        operation = DeleteAllOperation()
        self._append(_Piece(write, operation), PROBE_LSN, is_probe=True)

    def settle(self) -> None:
        """Take up the outcomes that the appender has; then whatever was parked behind them."""
        touched: dict[tuple[UUID, int], OpenIndex] = {}
        for outcome in self._appender.take_done():
            piece = outcome.batch.tag
            assert isinstance(piece, _Piece)
            _count_down(piece)
            if isinstance(outcome, Failed):
                self._fail(piece.write, outcome)
            elif outcome.batch.is_probe:
                _finish_probe(piece.write)
            else:
                self._apply(piece, outcome)
            touched[piece.write.index.index_id, piece.write.index.epoch] = piece.write.index
        for index in touched.values():
            run_parked(index)

    def _submit(
        self,
        index: OpenIndex,
        space: OpenNamespace,
        operations: Sequence[Operation],
        answer: Answer,
        *,
        event: DataPlaneEvent | None = None,
    ) -> None:
        """The event of an act in several pieces is recorded once: with the first of them."""
        write = _Write(index, space, answer, remaining=len(operations))
        for operation in operations:
            self._append(_Piece(write, operation), space.next_lsn, event=event)
            space.next_lsn += 1
            event = None

    def _append(
        self,
        piece: _Piece,
        lsn: int,
        *,
        is_probe: bool = False,
        event: DataPlaneEvent | None = None,
    ) -> None:
        index, space = piece.write.index, piece.write.space
        sealed = seal_batch(
            index.key,
            piece.operation,
            index_id=index.index_id,
            namespace_id=space.namespace_id,
            lsn=lsn,
        )
        is_first = space.creation is not None and space.pending == 0
        self._appender.submit(
            PendingBatch(
                index_id=index.index_id,
                epoch=index.epoch,
                namespace_id=space.namespace_id,
                lsn=lsn,
                operation=int(operation_code(piece.operation)),
                record_count=record_count(piece.operation),
                sealed=sealed,
                new_namespace=space.creation if is_first else None,
                is_probe=is_probe,
                event=None if event is None else event.to_json(),
                tag=piece,
            )
        )
        index.pending += 1
        space.pending += 1
        space.pending_metadata_bytes += metadata_growth(piece.operation)

    def _check_capacity(self) -> None:
        if self._appender.pending_bytes > MAX_PENDING_BYTES:
            raise ResourceExhausted(
                "Writes come faster than the log can take them: slow down.", retry_after_s=1
            )

    def _apply(self, piece: _Piece, outcome: Completed) -> None:
        write, space = piece.write, piece.write.space
        # What is durable exists, whether or not it can be applied.
        space.creation = None
        try:
            write.count += space.memory.apply(outcome.batch.lsn, piece.operation)
            write.index.note_change(space)
            if write.index.followers:
                self._publish(write.index, space, outcome.batch)
        except Exception:  # noqa: BLE001 - memory differs from the log now: it is built anew
            _log.exception("write.not_applied", index_id=str(write.index.index_id))
            self._close_index(write.index)
            write.refuse(Internal("Internal error"))
            return
        if write.remaining == 0 and not write.is_answered:
            write.is_answered = True
            written = messages.Written(lsn=outcome.batch.lsn, count=write.count)
            self._replication.confirm(write.index, lambda: write.answer(written))

    def _publish(self, index: OpenIndex, space: OpenNamespace, batch: PendingBatch) -> None:
        self._replication.publish(
            index,
            messages.Applied(
                index_id=index.index_id,
                namespace=space.name,
                epoch=index.epoch,
                namespace_id=space.namespace_id,
                lsn=batch.lsn,
                operation=batch.operation,
                sealed=batch.sealed,
            ),
        )

    def _fail(self, write: _Write, outcome: Failed) -> None:
        index, space, batch = write.index, write.space, outcome.batch
        if batch.is_probe:
            write.refuse(outcome.error)
            return
        # Those behind it in the namespace fail with it, so its number is the next one again.
        space.next_lsn = min(space.next_lsn, batch.lsn)
        if not space.exists and space.pending == 0:
            index.remove(space)
        if isinstance(outcome.error, Fenced | Aborted):
            self._close_index(index)
        elif outcome.indeterminate:
            self._doubt_index(index)
        if isinstance(outcome.error, Aborted):
            # Nobody else wrote: memory was behind the log, and is built anew from it.
            write.refuse(Unavailable("The index was opened anew: try again.", retry_after_s=1))
            return
        write.refuse(outcome.error)


def _count_down(piece: _Piece) -> None:
    write = piece.write
    write.space.pending_metadata_bytes -= metadata_growth(piece.operation)
    write.remaining -= 1
    write.index.pending -= 1
    write.space.pending -= 1


def run_parked(index: OpenIndex) -> None:
    """Run what was parked, in order, up to the first that has to wait on."""
    while index.parked and index.parked[0]():
        index.parked.popleft()


def _first_use(index: OpenIndex, name: str) -> OpenNamespace:
    index.require_room_for(name)
    namespace_id = new_id()
    creation = new_namespace(index.key, index.index_id, namespace_id, name)
    space = OpenNamespace(name, namespace_id, Namespace(index.spec), creation=creation)
    index.add(space)
    return space


def _growth_bytes(request: messages.Upsert) -> int:
    metadata = sum(map(len, filter(None, request.metadata)))
    sparse = sum(len(row.indices) + len(row.values) for row in request.sparse if row is not None)
    return len(request.values) + metadata + sparse


def _updated_ids(space: OpenNamespace | None, request: messages.Update) -> list[str]:
    """Those that the update reaches; while writes are pending an id counts as one it may reach."""
    if space is None:
        return []
    if request.filter is not None:
        return space.memory.resolve_filter(request.filter)
    assert request.id is not None
    if space.pending or space.memory.holds(request.id):
        return [request.id]
    return []


def _deletions(space: OpenNamespace, request: messages.Delete) -> list[Operation]:
    if request.is_all:
        is_empty = not space.pending and not space.memory.record_count
        return [] if is_empty else [DeleteAllOperation()]
    if request.filter is not None:
        found = space.memory.resolve_filter(request.filter)
        return [DeleteOperation(piece) for piece in _pieces(found)]
    if space.pending or any(map(space.memory.holds, request.ids)):
        return [DeleteOperation(request.ids)]
    return []


def _event_of_deletion(
    request: messages.Delete, space: OpenNamespace | None
) -> DataPlaneEvent | None:
    """Deleting records is no act of administration, emptying a namespace is one."""
    place = None if space is None else space.namespace_id
    if not request.is_all:
        named = len(request.ids)
        return event_by_hand(request, RECORDS_DELETED, namespace_id=place, records=named)
    count = 0 if space is None else space.memory.record_count
    return event_of(request, NAMESPACE_EMPTIED, namespace_id=place, records=count)


def _pieces(ids: list[str]) -> list[list[str]]:
    return [ids[start : start + _IDS_A_BATCH] for start in range(0, len(ids), _IDS_A_BATCH)]


def _finish_probe(write: _Write) -> None:
    for space in write.index.existing():
        space.memory.list_ids(messages.ListIds(index_id=write.index.index_id, limit=1))
        break
    write.is_answered = True
    write.answer(messages.Written(lsn=None))
