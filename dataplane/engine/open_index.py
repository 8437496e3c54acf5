"""An index that this engine serves: its namespaces in memory, and what of them is under way."""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from uuid import UUID

from dataplane.engine import messages
from dataplane.engine.followers import Follower, Marks
from dataplane.engine.namespace import Namespace
from dataplane.engine.spec import IndexSpec
from keyring.envelope import DataKey
from keyring.layered import outer_key_id
from kit.errors import QuotaExceeded
from storage.shared_segments import Location
from storage.write_log.names import NewNamespace

LISTED_DEFAULT = "__default__"


@dataclass(slots=True, eq=False)
class OpenNamespace:
    """`creation` is the row that its first batch writes; None once the namespace exists.

    `fields` are those of the metadata, written or under way (None: not asked for yet), and
    `pending_metadata_bytes` is by how much writes under way may make any record's metadata grow.
    """

    name: str
    namespace_id: UUID
    memory: Namespace
    schema: bytes | None = None
    creation: NewNamespace | None = None
    pending: int = 0
    next_lsn: int = 1
    fields: set[str] | None = None
    pending_metadata_bytes: int = 0
    measured_bytes: int = 0
    measured_records: int = 0
    memory_bytes: int = 0

    @property
    def exists(self) -> bool:
        return self.creation is None

    @property
    def listed_name(self) -> str:
        return self.name or LISTED_DEFAULT

    def info(self) -> messages.NamespaceInfo:
        return self.memory.info(self.name, self.schema)


@dataclass(slots=True, eq=False)
class OpenIndex:
    """`epoch` is that of the lease. `parked` holds writes that wait until those before are done.

    `namespaces_limit` is how many it may have, None for any number.
    `used_at_s` is when a request last came (monotonic).
    `measured_bytes` and `measured_records` are sums over its namespaces, `touched` those to be
    measured anew;
    `memory_bytes` and `grown` alike. `engines` are those that serve it, the writer first;
    `former_engines` may have served it under the lease before. `offered` are segments that its
    writer has in memory. `unconfirmed` holds what waits until
    all followers know enough.
    """

    index_id: UUID
    spec: IndexSpec
    key: DataKey
    epoch: int
    namespaces: dict[str, OpenNamespace] = field(default_factory=dict)
    pending: int = 0
    parked: deque[Callable[[], bool]] = field(default_factory=deque)
    is_open: bool = True
    used_at_s: float = 0.0
    namespaces_limit: int | None = None
    measured_bytes: int = 0
    measured_records: int = 0
    touched: set[OpenNamespace] = field(default_factory=set)
    engines: tuple[int, ...] = ()
    # With their project: the data keys that an outer key may take away.
    wrapped_keys: tuple[tuple[UUID, bytes], ...] = ()
    offered: dict[UUID, Location] = field(default_factory=dict)
    former_engines: frozenset[int] = frozenset()
    followers: list[Follower] = field(default_factory=list)
    unconfirmed: deque[tuple[Marks, Callable[[], None]]] = field(default_factory=deque)
    _memory_bytes: int = 0
    _grown: set[OpenNamespace] = field(default_factory=set)
    _by_id: dict[UUID, OpenNamespace] = field(default_factory=dict)

    @property
    def memory_bytes(self) -> int:
        """Roughly what it takes in memory. Only what changed since is added up."""
        while self._grown:
            space = self._grown.pop()
            before, space.memory_bytes = space.memory_bytes, space.memory.memory_bytes
            self._memory_bytes += space.memory_bytes - before
        return self._memory_bytes

    def add(self, space: OpenNamespace) -> None:
        self.namespaces[space.name] = space
        self._by_id[space.namespace_id] = space
        self.note_change(space)

    def remove(self, space: OpenNamespace) -> None:
        """Once; one that is not there (any more) is passed over."""
        if self._by_id.pop(space.namespace_id, None) is None:
            return
        del self.namespaces[space.name]
        self._memory_bytes -= space.memory_bytes
        self.measured_bytes -= space.measured_bytes
        self.measured_records -= space.measured_records
        self._grown.discard(space)
        self.touched.discard(space)

    def note_change(self, space: OpenNamespace) -> None:
        """What the namespace holds has changed."""
        self.touched.add(space)
        self._grown.add(space)

    @property
    def outer_key(self) -> UUID | None:
        """The one that its data key hung on when it was opened."""
        return outer_key_id(self.wrapped_keys[0][1]) if self.wrapped_keys else None

    @property
    def is_shared(self) -> bool:
        """Whether other engines are to map its segments."""
        return len(self.engines) > 1

    @property
    def may_be_closed(self) -> bool:
        """Whether everything it holds is in the log, and nothing waits."""
        return self.is_open and not (self.pending or self.parked or self.unconfirmed)

    def namespace(self, name: str) -> OpenNamespace | None:
        """The namespace, if it exists: one whose first write is under way does not yet."""
        found = self.namespaces.get(name)
        return found if found is not None and found.exists else None

    def require_room_for(self, name: str) -> None:
        """Raise `QuotaExceeded` where one more namespace would be one too many.

        Those whose first write is under way count; the default one, which always exists, does not.
        """
        count = len(self.namespaces) - ("" in self.namespaces)
        if name and self.namespaces_limit is not None and count >= self.namespaces_limit:
            raise QuotaExceeded(
                f"This plan allows {self.namespaces_limit} namespaces in an index, and {count} "
                "exist. Delete one or change the plan."
            )

    def existing(self) -> Iterator[OpenNamespace]:
        return (space for space in self.namespaces.values() if space.exists)

    def by_id(self, namespace_id: UUID) -> OpenNamespace | None:
        """The namespace, if it exists."""
        found = self._by_id.get(namespace_id)
        return found if found is not None and found.exists else None
