"""Opening an index: its row and key, the lease, and each namespace from manifest and log."""

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

import structlog

from dataplane.engine.namespace import Namespace
from dataplane.engine.open_index import OpenIndex, OpenNamespace
from dataplane.engine.segment import Segment
from dataplane.engine.spec import IndexSpec, Metric, VectorType
from keyring.data_keys import open_data_keys
from keyring.envelope import DataKey
from keyring.layered import outer_key_id
from keyring.provider import KeyProvider
from kit import clock
from kit.errors import DataLoss, NotFound
from storage import catalog
from storage.allowances import load_namespaces_per_index
from storage.catalog import IndexRow, ProjectKeyRow
from storage.database import Connection, LastingConnection
from storage.manifests import Manifest, read_manifest
from storage.objects import ObjectStore
from storage.segments import SegmentName, SegmentReader
from storage.shared_segments import Location, SharedSegment
from storage.write_log import log
from storage.write_log.errors import Fenced
from storage.write_log.log import Lease
from storage.write_log.names import NamespaceRow
from storage.write_log.whole import Entry, read_index

STATEMENT_TIMEOUT = "10s"

_log = structlog.get_logger()
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Storage:
    """Where indexes come from. `engine` is this engine's number at its node, `holder` its name in
    the lease."""

    database: LastingConnection
    objects: ObjectStore
    keyring: KeyProvider
    node_name: str
    engine: int
    holder: str

    def open_index(self, index_id: UUID) -> OpenIndex:
        """Take the lease and load everything; blocks until it is done.

        Raises `NotFound` for an index that is not there (any more), `Fenced` where it belongs to
        another engine, and `Unavailable` where it cannot be read now.
        """
        return self._timed("index.opened", lambda connection: self._open(connection, index_id))

    def follow_index(
        self, index_id: UUID, epoch: int, *, offered: dict[UUID, Location]
    ) -> OpenIndex:
        """Load everything without the lease, which another engine holds under that epoch, and
        which offers segments that it has in memory.

        Raises as `open_index` does, and `Fenced` where the epoch is over.
        """
        return self._timed(
            "index.followed", lambda connection: self._follow(connection, index_id, epoch, offered)
        )

    def renew_key(self, index: OpenIndex) -> None:
        """Seal what is written from now on under the newest version of its key."""
        key, wrapped_keys = self.data_key(index.key.project_id)
        self.database.run(
            lambda one: log.note_key_version(
                one, index.index_id, epoch=index.epoch, version=key.version
            )
        )
        index.key, index.wrapped_keys = key, wrapped_keys
        _log.info("key.renewed", index_id=str(index.index_id), version=key.version)

    def data_key(self, project_id: UUID) -> tuple[DataKey, tuple[tuple[UUID, bytes], ...]]:
        """What seals from now on, and how it was wrapped where an outer key is around it.

        Other versions of the key are looked up when they are met.
        """

        def load() -> list[ProjectKeyRow]:
            return self.database.run(lambda one: catalog.load_project_keys(one, project_id))

        key = open_data_keys(self.keyring, project_id, load)
        if key is None:
            raise NotFound("Index not found.")
        wrapped = [one.wrapped for one in load() if one.version == key.version]
        return key, tuple((project_id, one) for one in wrapped if outer_key_id(one) is not None)

    def _timed(self, event: str, load: Callable[[Connection], OpenIndex]) -> OpenIndex:
        started_s = clock.monotonic_s()
        index = self.database.run(load)
        _log.info(
            event,
            index_id=str(index.index_id),
            epoch=index.epoch,
            namespaces=len(index.namespaces),
            records=sum(space.memory.record_count for space in index.namespaces.values()),
            seconds=round(clock.monotonic_s() - started_s, 3),
        )
        return index

    def adopt(self, index: OpenIndex, space: OpenNamespace, version: int) -> None:
        """Let the namespace take over what a builder moved into segments."""
        manifest = self._manifest(index, space.namespace_id, version)
        missing = space.memory.missing_segments(manifest)
        opened = self._segments(index, space.namespace_id, missing)
        space.memory.adopt(manifest, opened)
        index.note_change(space)

    def _open(self, connection: Connection, index_id: UUID) -> OpenIndex:
        row = catalog.load_index(connection, index_id)
        if row is None or not row.is_served:
            raise NotFound("Index not found.")
        if row.node_name != self.node_name or list(row.engines[:1]) != [self.engine]:
            raise Fenced
        if not row.is_released:
            # Where it was served before it may still be read: no write may come between.
            raise Fenced
        self.data_key(row.project_id)  # an index that cannot be opened keeps its writer
        lease = log.take_over(connection, index_id, self.holder, replicas=row.engines[1:])
        # Asked for under the lease: a rotation that ends meanwhile finds who seals with what.
        key, wrapped_keys = self.data_key(row.project_id)
        index = OpenIndex(index_id, _spec(row), key, lease.epoch, wrapped_keys=wrapped_keys)
        log.note_key_version(connection, index_id, epoch=lease.epoch, version=key.version)
        index.namespaces_limit = load_namespaces_per_index(connection, row.org_id)
        index.engines = tuple(row.engines)
        index.former_engines = self._engines_of(lease) - {self.engine}
        return self._loaded(connection, index)

    def _follow(
        self, connection: Connection, index_id: UUID, epoch: int, offered: dict[UUID, Location]
    ) -> OpenIndex:
        row = catalog.load_index(connection, index_id)
        if row is None or not row.is_served:
            raise NotFound("Index not found.")
        is_ours = row.node_name == self.node_name and self.engine in row.engines[1:]
        # A writer that was fenced, and does not know it yet, wins no followers.
        if not is_ours or log.lease_epoch(connection, index_id) != epoch:
            raise Fenced
        key, wrapped_keys = self.data_key(row.project_id)
        index = OpenIndex(
            index_id, _spec(row), key, epoch, offered=offered, wrapped_keys=wrapped_keys
        )
        return self._loaded(connection, index)

    def _engines_of(self, lease: Lease) -> frozenset[int]:
        """Which engines of this node may still serve under the lease before."""
        node, _, rest = lease.former_holder.partition("/")
        number = rest.partition("/")[0]
        holder = {int(number)} if node == self.node_name and number.isdigit() else set[int]()
        return frozenset(holder | set(lease.former_replicas))

    def _loaded(self, connection: Connection, index: OpenIndex) -> OpenIndex:
        # Closed at once where one does not open: the connection lasts, in no transaction.
        with closing(read_index(connection, index.key, index.index_id)) as namespaces:
            for namespace_row, entries in namespaces:
                index.add(self._open_namespace(index, namespace_row, entries))
        return index

    def _open_namespace(
        self, index: OpenIndex, row: NamespaceRow, entries: Iterator[Entry]
    ) -> OpenNamespace:
        manifest = self._manifest(index, row.namespace_id, row.manifest_version)
        if manifest.lsn != row.manifest_lsn:
            raise DataLoss(f"Manifest {manifest.version} is not the one that its row tells of.")
        wanted = [entry.segment_id for entry in manifest.segments]
        opened = self._segments(index, row.namespace_id, wanted)
        memory = Namespace.open(index.spec, manifest, opened)
        for lsn, operation in entries:
            memory.apply(lsn, operation)
        return OpenNamespace(
            name=row.name(index.key),
            namespace_id=row.namespace_id,
            memory=memory,
            schema=row.schema(index.key),
            next_lsn=memory.lsn + 1,
        )

    def _manifest(self, index: OpenIndex, namespace_id: UUID, version: int) -> Manifest:
        return read_manifest(
            self.objects, index.key, version, index_id=index.index_id, namespace_id=namespace_id
        )

    def _segments(
        self, index: OpenIndex, namespace_id: UUID, wanted: list[UUID]
    ) -> dict[UUID, Segment]:
        opened = {}
        for segment_id in wanted:
            name = SegmentName(index.index_id, namespace_id, segment_id)
            opened[segment_id] = Segment(segment_id, index.spec, self._reader(index, name))
        return opened

    def _reader(self, index: OpenIndex, name: SegmentName) -> SegmentReader:
        location = index.offered.get(name.segment_id)
        attached = None if location is None else SharedSegment.attach(name, location)
        if attached is not None:
            return attached
        stored = SegmentReader(self.objects, index.key, name)
        return SharedSegment.load(stored, name) if index.is_shared else stored


def _spec(row: IndexRow) -> IndexSpec:
    return IndexSpec(row.dimension, Metric(row.metric), VectorType(row.vector_type))
