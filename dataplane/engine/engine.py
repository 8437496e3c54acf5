"""The engine: which indexes are open, and what is done with a request for one of them."""

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

import structlog

from dataplane.engine import messages
from dataplane.engine.admission import needs_quiet
from dataplane.engine.control_link import IndexFacts
from dataplane.engine.failures import failure
from dataplane.engine.following import Following
from dataplane.engine.key_courier import KeyCourier
from dataplane.engine.measuring import measure
from dataplane.engine.memory_ceiling import MemoryCeiling
from dataplane.engine.namespace_writes import create_namespace, delete_namespace
from dataplane.engine.open_index import OpenIndex
from dataplane.engine.opening import Storage
from dataplane.engine.reads import READS, query_all
from dataplane.engine.replication import Replication
from dataplane.engine.server import Answer
from dataplane.engine.writes import Writer
from keyring.layered import KeyPending
from kit import clock
from kit.errors import (
    Aborted,
    Internal,
    NotFound,
    StonepineError,
    Unavailable,
)
from storage.events import DataPlaneEvent, record_alone
from storage.write_log.appender import LogAppender
from storage.write_log.errors import Fenced

# After the database could not be reached, opening is not tried again at once: it blocks. At least
# for so long, and for as long as the attempt took: never for more than half of the time.
_LEAST_PAUSE_S = 0.1

_OF_WRITERS = (
    messages.Applied, messages.Renew, messages.Follow, messages.Leave,
    messages.NamespaceAdded, messages.NamespaceDropped, messages.Adopted,
)  # fmt: skip

_log = structlog.get_logger()


class Engine:
    """For one thread. Every request gets exactly one answer, sooner or later."""

    def __init__(
        self,
        storage: Storage,
        appender: LogAppender,
        replication: Replication,
        courier: KeyCourier,
        *,
        memory_bytes: int,
        idle_s: float,
    ) -> None:
        """`idle_s`: without a request for so long, an index may make room for others."""
        self._storage = storage
        self._courier = courier
        courier.every_second(self._look_over_keys)
        self._idle_s = idle_s
        self._memory = MemoryCeiling(memory_bytes, self._used_bytes, self._unload_one)
        self._replication = replication
        self._following = Following(storage, self._memory.make_room)
        self._writer = Writer(
            appender,
            self._memory,
            self.close_index,
            self._doubt,
            replication=replication,
            record=self._record,
        )
        self._indexes: dict[UUID, OpenIndex] = {}
        # Closed ones whose memory holds all that was acknowledged: for reads while the log is away.
        self._last_known: dict[UUID, OpenIndex] = {}
        self._may_open_at = 0.0

    @property
    def is_idle(self) -> bool:
        return self._writer.is_idle

    @property
    def open_indexes(self) -> list[OpenIndex]:
        return [index for index in self._indexes.values() if index.is_open]

    def handle(self, request: messages.AnyRequest, answer: Answer) -> None:
        if isinstance(request, messages.Ping):
            answer(messages.Pong())
            return
        if isinstance(request, messages.Measure):
            held = [*self.open_indexes, *self._following.indexes]
            memory = {index.index_id: index.memory_bytes for index in held}
            held_records = measure(self.open_indexes)
            answer(messages.Sizes(held_by_index=held_records, memory_by_index=memory))
            return
        act = self._dispatch_of_writer if isinstance(request, _OF_WRITERS) else self._dispatch
        self._guard(lambda: act(request, answer), request, answer)

    def handle_together(self, asked: Sequence[tuple[messages.Query, Answer]]) -> None:
        """Queries of one namespace that have arrived, each of which gets its own answer."""
        index_id = asked[0][0].index_id
        index = self._indexes.get(index_id) or self._following.serving(index_id)
        is_waited_for = any(request.min_lsn is not None for request, _ in asked)
        if index is None or not index.is_open or is_waited_for:
            for request, answer in asked:
                self.handle(request, answer)
            return
        index.used_at_s = clock.monotonic_s()
        try:
            found = query_all(index, [request for request, _ in asked])
        except Exception:  # noqa: BLE001 - the callers get an answer, we get the traceback
            _log.exception("requests failed", count=len(asked))
            found = [Internal("Internal error")] * len(asked)
        for (_, answer), outcome in zip(asked, found, strict=True):
            answer(failure(outcome) if isinstance(outcome, StonepineError) else outcome)

    def known_indexes(self) -> list[UUID]:
        """Those that are open here, as writer or as follower."""
        return [index.index_id for index in [*self.open_indexes, *self._following.indexes]]

    def stop_following(self) -> None:
        """Before nobody can reach this engine any more: writers trust that it serves nothing."""
        self._following.forget_all()

    def settle(self) -> None:
        """Take up what the log has done."""
        self._writer.settle()

    def close_index(self, index: OpenIndex) -> None:
        """Forget what is in memory; the next request opens the index from the log."""
        if index.is_open:
            index.is_open = False
            self._replication.end(index)
            _log.info("index.closed", index_id=str(index.index_id), epoch=index.epoch)
        if not index.pending and self._indexes.get(index.index_id) is index:
            del self._indexes[index.index_id]

    def forget(self, index_id: UUID) -> None:
        """The index was deleted, or another engine serves it."""
        self._last_known.pop(index_id, None)
        self._following.forget(index_id)
        index = self._indexes.get(index_id)
        if index is not None:
            self.close_index(index)

    def look_over(self, facts: IndexFacts) -> None:
        """Serve the index as the control plane has it now; namespaces that exist stay."""
        self._following.forget_abandoned()
        index = self._indexes.get(facts.index_id)
        if index is None:
            return
        index.namespaces_limit = facts.namespaces_limit
        if not index.is_open:
            return
        if (index.engines, index.outer_key) != (facts.engines, facts.outer_key):
            # Opened anew, it has other followers, and hangs on that key.
            self.close_index(index)
        elif facts.key_version > index.key.version:
            self._take_new_key(index)

    def _take_new_key(self, index: OpenIndex) -> None:
        """Where it cannot be had now, the next look tries again."""
        try:
            self._storage.renew_key(index)
        except KeyPending as pending:
            self._courier.fetch(pending, lambda: None)
        except Exception:  # noqa: BLE001 - what is sealed under the key before can still be opened
            _log.exception("key.not_renewed", index_id=str(index.index_id))

    def adopt(self, index_id: UUID, namespace_id: UUID, version: int) -> None:
        """A builder committed that manifest. What cannot be taken over is built anew. Followers
        hear of it from the writer."""
        index = self._indexes.get(index_id)
        space = index.by_id(namespace_id) if index is not None and index.is_open else None
        if index is None or space is None or version <= space.memory.manifest_version:
            return
        try:
            self._storage.adopt(index, space, version)
            _log.info("manifest.adopted", index_id=str(index_id), version=version)
        except Exception:  # noqa: BLE001 - whatever is wrong with it, what is served must be right
            _log.exception("manifest.not_adopted", index_id=str(index_id), version=version)
            self.close_index(index)
            return
        if index.followers:
            adopted = messages.Adopted(
                index_id=index_id,
                epoch=index.epoch,
                namespace_id=namespace_id,
                version=version,
                segments=space.memory.shared_segments(),
            )
            self._replication.publish(index, adopted)

    def _look_over_keys(self) -> None:
        """What its key does not open any more is not served from memory either."""
        for index in self._held():
            if index.wrapped_keys and not self._courier.is_open(index.wrapped_keys):
                _log.info("index.locked", index_id=str(index.index_id))
                self.forget(index.index_id)

    def _held(self) -> list[OpenIndex]:
        """All that are in memory, once."""
        held = {id(index): index for index in self._indexes.values()}
        held |= {id(index): index for index in self._last_known.values()}
        held |= {id(index): index for index in self._following.indexes}
        return list(held.values())

    def _used_bytes(self) -> int:
        return sum(index.memory_bytes for index in self._held())

    def _unload_one(self) -> bool:
        """Close the index that has been idle for longest; False where none is idle."""
        newest_first = sorted(self._indexes.values(), key=lambda index: -index.used_at_s)
        latest_s = clock.monotonic_s() - self._idle_s
        # Never the one that the request at hand is for.
        for index in reversed(newest_first[1:]):
            if index.may_be_closed and index.used_at_s <= latest_s:
                _log.info(
                    "index.unloaded",
                    index_id=str(index.index_id),
                    memory_bytes=index.memory_bytes,
                    idle_s=round(clock.monotonic_s() - index.used_at_s, 1),
                )
                self.close_index(index)
                return True
        return False

    def _doubt(self, index: OpenIndex) -> None:
        """The log may hold a write that nobody was told of: look there before the next one.

        Until the log answers, reads go on from memory: nothing acknowledged is missing in it.
        """
        self.close_index(index)
        self._last_known[index.index_id] = index

    def _record(self, event: DataPlaneEvent) -> None:
        self._storage.database.run(lambda connection: record_alone(connection, event))

    def _dispatch(self, request: messages.AnyRequest, answer: Answer) -> None:
        index = self._indexes.get(request.index_id)
        if index is not None and not index.is_open and index.pending:
            # Its last batches are on their way; a new lease would have to wait for them.
            closed = index
            closed.parked.append(lambda: self._reopen(closed, request, answer))
            return
        read = READS.get(type(request))
        followed = None if index is not None else self._following.serving(request.index_id)
        if read is not None and followed is not None:
            answer(read(followed, request))
            return
        if index is None or not index.is_open:
            index = self._open(request.index_id, for_reading=read is not None)
        index.used_at_s = clock.monotonic_s()
        if read is not None:
            answer(read(index, request))
        elif index.parked or _has_to_wait(index, request):
            index.parked.append(lambda: self._unpark(index, request, answer))
        else:
            self._write(index, request, answer)

    def _open(self, index_id: UUID, *, for_reading: bool) -> OpenIndex:
        try:
            return self._open_from_log(index_id)
        except Unavailable:
            if for_reading and index_id in self._last_known:
                return self._last_known[index_id]
            raise

    def _open_from_log(self, index_id: UUID) -> OpenIndex:
        if clock.monotonic_s() < self._may_open_at:
            raise Unavailable("The index cannot be opened now: try again.", retry_after_s=1)
        self._indexes.pop(index_id, None)
        began = clock.monotonic_s()
        try:
            index = self._storage.open_index(index_id)
        except Fenced:
            # Another engine serves it: the database is well.
            self._last_known.pop(index_id, None)
            raise
        except Unavailable:
            now = clock.monotonic_s()
            self._may_open_at = now + max(_LEAST_PAUSE_S, now - began)
            raise
        except NotFound:
            self._last_known.pop(index_id, None)
            raise
        self._last_known.pop(index_id, None)
        self._indexes[index_id] = index
        self._following.forget(index_id)
        self._replication.begin(index)
        index.used_at_s = clock.monotonic_s()
        self._memory.make_room()
        return index

    def _write(self, index: OpenIndex, request: messages.AnyRequest, answer: Answer) -> None:
        match request:
            case messages.Upsert():
                self._writer.upsert(index, request, answer)
            case messages.Update():
                self._writer.update(index, request, answer)
            case messages.Delete():
                self._writer.delete(index, request, answer)
            case messages.Probe():
                self._writer.probe(index, answer)
            case messages.CreateNamespace():
                self._at_namespaces(index, create_namespace, request, answer)
            case messages.DeleteNamespace():
                self._at_namespaces(index, delete_namespace, request, answer)
            case _:
                raise Internal(f"The engine does not know the request {type(request).__name__}.")

    def _at_namespaces(
        self,
        index: OpenIndex,
        act: Callable[[Storage, Replication, OpenIndex, Any], messages.Reply],
        request: messages.Request,
        answer: Answer,
    ) -> None:
        try:
            reply = act(self._storage, self._replication, index, request)
        except (Fenced, Aborted):
            # What the log holds differs from memory.
            self.close_index(index)
            raise
        self._replication.confirm(index, lambda: answer(reply))

    def _dispatch_of_writer(self, request: messages.AnyRequest, answer: Answer) -> None:
        """From the engine that writes the index, as one that we wrote before may be, too."""
        if isinstance(request, messages.Follow | messages.Leave):
            index = self._indexes.get(request.index_id)
            if index is not None and index.epoch < request.epoch:
                self.close_index(index)
            self._last_known.pop(request.index_id, None)
        answer(self._following.handle(request))

    def _reopen(self, index: OpenIndex, request: messages.AnyRequest, answer: Answer) -> bool:
        if index.pending:
            return False
        self._guard(lambda: self._dispatch(request, answer), request, answer)
        return True

    def _unpark(self, index: OpenIndex, request: messages.AnyRequest, answer: Answer) -> bool:
        if not index.is_open:
            return self._reopen(index, request, answer)
        if _has_to_wait(index, request):
            return False
        self._guard(lambda: self._write(index, request, answer), request, answer)
        return True

    def _guard(self, act: Callable[[], None], request: messages.AnyRequest, answer: Answer) -> None:
        try:
            act()
        except KeyPending as pending:
            # Nothing was done yet: it begins again when the key is known.
            self._courier.fetch(pending, lambda: self._guard(act, request, answer))
        except StonepineError as error:
            answer(failure(error))
        except Exception:  # noqa: BLE001 - the caller gets an answer, we get the traceback
            _log.exception("request failed", request=type(request).__name__)
            answer(failure(Internal("Internal error")))


def _has_to_wait(index: OpenIndex, request: messages.AnyRequest) -> bool:
    """Whether what the request needs to know may still be changed by writes under way."""
    if isinstance(request, messages.CreateNamespace | messages.DeleteNamespace):
        return index.pending > 0
    if isinstance(request, messages.Update | messages.Delete) and request.filter is not None:
        space = index.namespaces.get(request.namespace)
        return space is not None and space.pending > 0
    if isinstance(request, messages.Update):
        space = index.namespaces.get(request.namespace)
        return space is not None and needs_quiet(space, request)
    return False
