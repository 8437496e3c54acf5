"""One namespace in a real log and object store, and an engine's view of it."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from dataplane.builder.run import Outcome, Site, build_next
from dataplane.engine.namespace import Namespace
from dataplane.engine.segment import Segment
from dataplane.engine.spec import IndexSpec, Metric
from kit.ids import new_id
from storage.catalog import load_index
from storage.database import connect
from storage.objects import ObjectStore, open_object_store
from storage.project_keys import project_key
from storage.write_log.batches import seal_batch
from storage.write_log.log import read_batches
from storage.write_log.names import new_namespace
from storage.write_log.operations import Operation, operation_code, record_count
from tests.support.dataplane import DataPlane

PLENTY = 10_000


@dataclass
class Yard:
    plane: DataPlane
    site: Site
    log: list[tuple[int, Operation]] = field(default_factory=list)

    @classmethod
    @contextmanager
    def open(cls, plane: DataPlane, dimension: int = 2) -> Iterator["Yard"]:
        project = plane.project()
        index_id, namespace_id = plane.index(project, dimension=dimension), new_id()
        with closing(connect(plane.system_url, name="test")) as connection:
            index = load_index(connection, index_id)
            key = project_key(connection, plane.keyring, project.project_id)
            assert index is not None
            assert key is not None
            spec = IndexSpec(index.dimension, Metric(index.metric))
            store = open_object_store(plane.environment["OBJECT_STORE_URL"])
            yard = cls(plane, Site(connection, store, key, spec, index_id, namespace_id))
            yard._create_namespace()
            yield yard

    def _create_namespace(self) -> None:
        site = self.site
        row = new_namespace(site.key, site.index_id, site.namespace_id, "test")
        site.connection.execute(
            """INSERT INTO log_namespace (index_id, namespace_id, name_digest, name_sealed)
               VALUES (%s, %s, %s, %s)""",
            [site.index_id, site.namespace_id, row.name_digest, row.name_sealed],
        )

    def write(self, *operations: Operation) -> None:
        """Log the operations as an engine would."""
        site = self.site
        for operation in operations:
            lsn = len(self.log) + 1
            place = {"index_id": site.index_id, "namespace_id": site.namespace_id}
            sealed = seal_batch(site.key, operation, lsn=lsn, **place)
            site.connection.execute(
                "INSERT INTO log_batch VALUES (%s, %s, %s, %s, %s, %s, now())",
                [*place.values(), lsn, operation_code(operation), record_count(operation), sealed],
            )
            self.log.append((lsn, operation))

    def build(self, *, max_records: int = PLENTY, store: ObjectStore | None = None) -> Outcome:
        return build_next(self.site_on(store), max_records=max_records)

    def site_on(self, store: ObjectStore | None) -> Site:
        return self.site if store is None else replace(self.site, store=store)

    def open_namespace(self) -> Namespace:
        """What a freshly started engine sees: manifest, segments, the rest of the log."""
        site, manifest = self.site, self.site.read_manifest()
        opened = {
            entry.segment_id: Segment(
                entry.segment_id, site.spec, site.open_segment(entry.segment_id)
            )
            for entry in manifest.segments
        }
        namespace = Namespace.open(site.spec, manifest, opened)
        rest = read_batches(
            site.connection, site.key, site.index_id, site.namespace_id, after_lsn=manifest.lsn
        )
        for lsn, operation, _ in rest:
            namespace.apply(lsn, operation)
        return namespace

    def objects(self, kind: str) -> list[str]:
        """Paths of the namespace's objects: "segments" or "manifests"."""
        site = self.site
        return list(site.store.list(f"indexes/{site.index_id}/{site.namespace_id}/{kind}/"))


class FaultyStore:
    """An object store on which the `fail_at`-th change fails, before or after it was made."""

    def __init__(self, store: ObjectStore, fail_at: int, *, is_after: bool) -> None:
        self._store = store
        self._left = fail_at
        self._is_after = is_after

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def put(self, path: str, chunks: Any, *, is_new: bool = False) -> int:
        self._left -= 1
        if self._left == 0 and not self._is_after:
            raise SimulatedCrash
        size = self._store.put(path, chunks, is_new=is_new)
        if self._left == 0:
            raise SimulatedCrash
        return size


class SimulatedCrash(Exception):
    """The builder died here."""
