"""Programs on the engine itself, in this process, over a real log and object store."""

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any
from uuid import UUID

import numpy as np

from dataplane.builder.run import Site, Status, build_next, merge_next
from dataplane.builder.tiers import MergePolicy
from dataplane.engine import messages
from dataplane.engine.engine import Engine
from dataplane.engine.key_courier import KeyCourier
from dataplane.engine.log_source import LogSource
from dataplane.engine.loop import Loop, Source
from dataplane.engine.opening import STATEMENT_TIMEOUT, Storage
from dataplane.engine.replication import Replication
from dataplane.engine.spec import IndexSpec, Metric, VectorType
from keyring.layered import LayeredKeyring
from kit.ids import new_id
from storage.database import LastingConnection, connect
from storage.events import Origin
from storage.objects import open_object_store
from storage.outer_keys import StoredOuterKeys
from storage.project_keys import project_key
from storage.write_log import log
from storage.write_log.appender import LogAppender
from tests.property import steps
from tests.property.machine import DIMENSION, KINDS
from tests.property.normal import normal
from tests.property.steps import Item
from tests.support.dataplane import DataPlane

_ORIGIN = Origin("key", "request")
_ALL_SEGMENTS = MergePolicy(growth=1.0, dead_share=0.01)
_PLENTY = 10_000


class Bench:
    """An engine for one program after the other; `restart` drops it and starts a new one."""

    def __init__(self, plane: DataPlane) -> None:
        self.plane = plane
        self.objects = open_object_store(plane.environment["OBJECT_STORE_URL"])
        self.project = plane.project()
        self._database = LastingConnection(plane.system_url, "engine", STATEMENT_TIMEOUT)
        self._loop = Loop()
        self._courier = KeyCourier(
            LayeredKeyring(plane.folder / "keyring", StoredOuterKeys("", b""), cache_s=60),
            cache_s=60,
        )
        self._sources: list[Source] = []
        self.restart()

    def restart(self) -> None:
        """The engine forgets everything that is in memory."""
        self._drop()
        self._appender = LogAppender(self.plane.system_url)
        replication = Replication({})
        storage = Storage(
            database=self._database,
            objects=self.objects,
            keyring=self.plane.keyring,
            node_name="local",
            engine=0,
            holder=f"local/{new_id()}",
        )
        self.engine = Engine(
            storage, self._appender, replication, self._courier, memory_bytes=2**30, idle_s=3600
        )
        self._sources = [LogSource(self._appender, self.engine.settle), replication]
        for source in self._sources:
            self._loop.add(source)

    def _drop(self) -> None:
        for source in self._sources:
            self._loop.remove(source)
        if self._sources:
            self._appender.close()

    def close(self) -> None:
        self._drop()
        self._courier.close()
        if self._database._connection is not None:
            self._database._connection.close()

    def ask(self, request: Any) -> Any:
        answers: list[messages.Reply] = []
        self.engine.handle(request, answers.append)
        self._loop.run_until(lambda: bool(answers), timeout_s=30)
        assert len(answers) == 1, request
        if isinstance(answers[0], messages.Failure):
            raise Refused(answers[0].code)
        return answers[0]


class Refused(Exception):
    """The engine answered with that code."""


@contextmanager
def bench_on(plane: DataPlane) -> Iterator[Bench]:
    bench = Bench(plane)
    try:
        yield bench
    finally:
        bench.close()


class EngineSubject:
    """A fresh index of the bench's engine."""

    def __init__(self, bench: Bench, kind: str) -> None:
        metric, self._is_sparse = KINDS[kind]
        dimension = None if self._is_sparse else DIMENSION
        self._bench = bench
        self._index_id = bench.plane.index(bench.project, dimension=dimension, metric=metric)
        vector_type = VectorType.SPARSE if self._is_sparse else VectorType.DENSE
        self._spec = IndexSpec(dimension, Metric(metric), vector_type)

    def do(self, step: steps.Step) -> Any:
        try:
            return getattr(self, step.act)(step)
        except Refused as refusal:
            return str(refusal)

    def restart(self) -> None:
        self._bench.restart()

    def close(self) -> None:
        self._bench.engine.forget(self._index_id)

    def build(self, namespace: str, *, is_adopted: bool) -> None:
        with self._site(namespace) as site:
            if site is not None:
                outcome = build_next(site, max_records=_PLENTY, policy=_ALL_SEGMENTS)
                if is_adopted and outcome.status is Status.BUILT:
                    self._adopt(site.namespace_id, outcome.manifest_version)

    def merge(self, namespace: str) -> None:
        with self._site(namespace) as site:
            if site is not None:
                outcome = merge_next(site, policy=_ALL_SEGMENTS)
                self._adopt(site.namespace_id, outcome.manifest_version)

    def _adopt(self, namespace_id: UUID, version: int) -> None:
        self._bench.engine.adopt(self._index_id, namespace_id, version)

    @contextmanager
    def _site(self, namespace: str) -> Iterator[Site | None]:
        plane = self._bench.plane
        with closing(connect(plane.system_url, name="test")) as connection:
            project_id = self._bench.project.project_id
            key = project_key(connection, plane.keyring, project_id)
            assert key is not None
            rows = log.namespaces(connection, self._index_id)
            found = [row.namespace_id for row in rows if row.name(key) == namespace]
            objects = self._bench.objects
            yield (
                Site(connection, objects, key, self._spec, self._index_id, found[0])
                if found
                else None
            )

    # The steps

    def upsert(self, step: steps.Upsert) -> int:
        items = step.items
        return int(
            self._ask(
                messages.Upsert, step,
                ids=[item.id for item in items],
                values=b"".join(_floats(item.values) for item in items),
                sparse=[_sparse(item.sparse) for item in items],
                metadata=[_json(item.metadata) if item.metadata else None for item in items],
            ).count
        )  # fmt: skip

    def update(self, step: steps.Update) -> int:
        item = step.item
        return int(
            self._ask(
                messages.Update, step, id=item.id, values=_floats(item.values),
                sparse=_sparse(item.sparse),
                set_metadata=_json(item.metadata) if item.metadata else None,
            ).count
        )  # fmt: skip

    def update_where(self, step: steps.UpdateWhere) -> int:
        return int(
            self._ask(
                messages.Update, step, filter=_json(step.filter),
                set_metadata=_json(step.metadata), is_dry_run=step.is_dry_run,
            ).count
        )  # fmt: skip

    def delete(self, step: steps.Delete) -> None:
        self._ask(messages.Delete, step, ids=step.ids)

    def delete_where(self, step: steps.DeleteWhere) -> None:
        self._ask(messages.Delete, step, filter=_json(step.filter))

    def delete_all(self, step: steps.DeleteAll) -> None:
        self._ask(messages.Delete, step, is_all=True, origin=_ORIGIN)

    def query(self, step: steps.Query) -> list[tuple[float, Item]]:
        item, is_by_id = step.item, step.is_by_id
        answer = self._ask(
            messages.Query, step, top_k=step.top_k, include_values=True, include_metadata=True,
            id=item.id if is_by_id else None,
            vector=b"" if is_by_id else _floats(item.values),
            sparse=None if is_by_id else _sparse(item.sparse),
            filter=None if step.filter is None else _json(step.filter),
        )  # fmt: skip
        return [(match.score, _item(match)) for match in answer.matches]

    def fetch(self, step: steps.Fetch) -> dict[str, Item]:
        found = self._ask(messages.Fetch, step, ids=step.ids).records
        return {record.id: _item(record) for record in found}

    def fetch_where(self, step: steps.FetchWhere) -> list[dict[str, Item]]:
        filter_ = _json(step.filter)
        return [
            {record.id: _item(record) for record in page.records}
            for page in self._pages(messages.FetchByMetadata, step, "id", filter=filter_)
        ]

    def list_ids(self, step: steps.ListIds) -> list[list[str]]:
        return [p.ids for p in self._pages(messages.ListIds, step, "id", prefix=step.prefix)]

    def create_namespace(self, step: steps.CreateNamespace) -> int:
        answer = self._ask(messages.CreateNamespace, step, origin=_ORIGIN)
        return int(answer.namespaces[0].record_count)

    def describe_namespace(self, step: steps.DescribeNamespace) -> int:
        return int(self._ask(messages.DescribeNamespace, step).namespaces[0].record_count)

    def delete_namespace(self, step: steps.DeleteNamespace) -> None:
        self._ask(messages.DeleteNamespace, step, origin=_ORIGIN)

    def list_namespaces(self, step: steps.ListNamespaces) -> Any:
        return [
            [(space.name or "__default__", space.record_count) for space in page.namespaces]
            for page in self._pages(messages.ListNamespaces, step, "name", prefix=step.namespace)
        ]

    def stats(self, step: steps.Stats) -> dict[str, int]:
        found = self._ask(messages.DescribeStats, step)
        assert found.total_count == sum(space.record_count for space in found.namespaces)
        return {space.name: space.record_count for space in found.namespaces}

    def _ask(self, kind: Any, step: steps.Step, **fields: Any) -> Any:
        request = kind(index_id=self._index_id, namespace=step.namespace, **fields)
        return self._bench.ask(request)

    def _pages(self, kind: Any, step: Any, key: str, **fields: Any) -> Iterator[Any]:
        after = None
        while True:
            page = self._ask(kind, step, limit=step.limit, **{f"after_{key}": after}, **fields)
            yield page
            after = getattr(page, f"next_after_{key}")
            if after is None:
                return


def _floats(values: tuple[float, ...]) -> bytes:
    return np.array(values, np.float32).tobytes()


def _sparse(sparse: steps.Sparse | None) -> messages.SparseVector | None:
    if sparse is None:
        return None
    indices, values = np.array(list(sparse), np.uint32), np.array(list(sparse.values()), np.float32)
    return messages.SparseVector(indices.tobytes(), values.tobytes())


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def _item(record: messages.Record | messages.Match) -> Item:
    sparse = None
    if record.sparse is not None:
        indices = np.frombuffer(record.sparse.indices, np.uint32).tolist()
        values = np.frombuffer(record.sparse.values, np.float32).tolist()
        sparse = dict(zip(indices, values, strict=True))
    values = tuple(np.frombuffer(record.values, np.float32).tolist())
    return normal(Item(record.id, values, sparse, json.loads(record.metadata or b"{}")))
