"""The follower's side of replicas: indexes that another engine writes, kept up with its rows."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import structlog

from dataplane.engine import messages
from dataplane.engine.namespace import Namespace
from dataplane.engine.open_index import OpenIndex, OpenNamespace
from dataplane.engine.opening import Storage
from kit import clock
from kit.errors import FailedPrecondition, StonepineError
from storage.write_log.batches import open_batch
from storage.write_log.errors import Fenced

# An index without a grant for so long is forgotten: its writer is gone, or has let go of it.
_FORGOTTEN_AFTER_S = 30.0

_log = structlog.get_logger()


@dataclass(slots=True, eq=False)
class Followed:
    """`until_s`: it answers reads before that time only."""

    index: OpenIndex
    until_s: float = field(default_factory=clock.monotonic_s)


class Following:
    """For one thread. Whatever goes wrong with an index, it is not served until it was followed
    anew."""

    def __init__(self, storage: Storage, make_room: Callable[[], None]) -> None:
        """`make_room` is called when an index was loaded."""
        self._storage = storage
        self._make_room = make_room
        self._followed: dict[UUID, Followed] = {}
        self._acts: dict[type, Callable[[Any], None]] = {
            messages.Follow: self._follow,
            messages.Leave: self._leave,
            messages.Renew: self._renew,
            messages.Applied: self._change,
            messages.NamespaceAdded: self._change,
            messages.NamespaceDropped: self._change,
            messages.Adopted: self._change,
        }
        self._changes: dict[type, Callable[[OpenIndex, Any], None]] = {
            messages.Applied: self._apply,
            messages.NamespaceAdded: self._add_namespace,
            messages.NamespaceDropped: self._drop_namespace,
            messages.Adopted: self._adopt,
        }

    @property
    def indexes(self) -> list[OpenIndex]:
        return [followed.index for followed in self._followed.values()]

    def serving(self, index_id: UUID) -> OpenIndex | None:
        """The index while it may be read here."""
        followed = self._followed.get(index_id)
        if followed is None or clock.monotonic_s() >= followed.until_s:
            return None
        return followed.index

    def forget_abandoned(self) -> None:
        """Indexes without a grant for long."""
        latest_s = clock.monotonic_s() - _FORGOTTEN_AFTER_S
        for index_id, followed in list(self._followed.items()):
            if followed.until_s < latest_s:
                self.forget(index_id)

    def forget_all(self) -> None:
        for index_id in list(self._followed):
            self.forget(index_id)

    def forget(self, index_id: UUID) -> None:
        if self._followed.pop(index_id, None) is not None:
            _log.info("index.left", index_id=str(index_id))

    def handle(self, request: messages.Request) -> messages.Reply:
        """What a writer asks. Raises what is wrong with it."""
        self._acts[type(request)](request)
        return messages.Pong()

    def _follow(self, request: messages.Follow) -> None:
        """Load the index as the log has it. Rows sent from now on come after this, in order."""
        known = self._followed.get(request.index_id)
        if known is not None and known.index.epoch > request.epoch:
            raise Fenced
        self.forget(request.index_id)
        index = self._storage.follow_index(
            request.index_id, request.epoch, offered=request.segments
        )
        self._followed[request.index_id] = Followed(index)
        self._make_room()

    def _leave(self, request: messages.Leave) -> None:
        known = self._followed.get(request.index_id)
        if known is not None and known.index.epoch <= request.epoch:
            self.forget(request.index_id)

    def _renew(self, request: messages.Renew) -> None:
        followed = self._followed.get(request.index_id)
        if followed is not None and followed.index.epoch == request.epoch:
            followed.until_s = request.until_s

    def _change(self, request: messages.Published) -> None:
        followed = self._followed.get(request.index_id)
        if followed is None or followed.index.epoch != request.epoch:
            raise FailedPrecondition("The index is not followed here.")
        try:
            self._changes[type(request)](followed.index, request)
        except Exception as error:
            _log.exception("replica.broken", index_id=str(request.index_id))
            self.forget(request.index_id)
            if isinstance(error, StonepineError):
                raise
            raise FailedPrecondition("The change could not be applied here.") from error

    def _apply(self, index: OpenIndex, request: messages.Applied) -> None:
        """One that was in the log already when the index was loaded is passed over."""
        space = index.by_id(request.namespace_id) or self._new_namespace(index, request)
        if request.lsn <= space.memory.lsn:
            return
        if request.lsn != space.memory.lsn + 1:
            raise FailedPrecondition(f"Row {request.lsn} came after {space.memory.lsn}.")
        operation = open_batch(
            index.key,
            request.operation,
            request.sealed,
            index_id=index.index_id,
            namespace_id=request.namespace_id,
            lsn=request.lsn,
        )
        space.memory.apply(request.lsn, operation)
        index.note_change(space)

    def _add_namespace(self, index: OpenIndex, request: messages.NamespaceAdded) -> None:
        if index.by_id(request.namespace_id) is None:
            self._new_namespace(index, request)

    def _drop_namespace(self, index: OpenIndex, request: messages.NamespaceDropped) -> None:
        space = index.by_id(request.namespace_id)
        if space is not None:
            index.remove(space)

    def _adopt(self, index: OpenIndex, request: messages.Adopted) -> None:
        space = index.by_id(request.namespace_id)
        if space is not None:  # or it is about to be dropped
            index.offered = request.segments
            self._storage.adopt(index, space, request.version)

    def _new_namespace(
        self, index: OpenIndex, request: messages.Applied | messages.NamespaceAdded
    ) -> OpenNamespace:
        if request.namespace in index.namespaces:
            raise FailedPrecondition("Another namespace of that name is here.")
        schema = request.schema if isinstance(request, messages.NamespaceAdded) else None
        space = OpenNamespace(
            request.namespace, request.namespace_id, Namespace(index.spec), schema=schema
        )
        index.add(space)
        return space
