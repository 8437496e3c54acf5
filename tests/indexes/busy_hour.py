"""A busy hour of an index on a simulated clock, beside a brute-force model of what it held when."""

import random
from bisect import bisect_right
from collections.abc import Iterator
from contextlib import closing, contextmanager
from copy import deepcopy
from datetime import datetime, timedelta
from uuid import UUID

import numpy as np
import orjson

from dataplane.builder.digest import digest_of
from dataplane.builder.older import OlderSegments
from dataplane.builder.run import Site, build_next
from dataplane.engine.spec import IndexSpec, Metric
from indexes.deployment.archive import archive_log
from indexes.models import Index
from kit import clock
from kit.environment import environment
from kit.ids import new_id
from storage.archive import rows
from storage.database import Connection, connect
from storage.objects import open_object_store
from storage.write_log import log
from storage.write_log.batches import seal_batch
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
from tests.indexes.test_segments import data_key

NAMES = ("films", "books", "songs")
Records = dict[str, tuple[tuple[float, ...], dict[str, int]]]


class BusyHour:
    """Writes of one engine at planted times: `start` to `end`, the end being now.

    In between segments are built, the log is archived and trimmed, namespaces go and come back.
    """

    def __init__(self, index: Index, seed: int, *, steps: int) -> None:
        self.index, self._key = index, data_key(index)
        self._random = random.Random(seed)
        self.end = clock.now()
        self.start = self.end - timedelta(hours=1)
        self._pace_s = 3_590 / steps
        self._now = self.start
        self._ids: dict[str, UUID] = {}
        self._lsns: dict[str, int] = {}
        self._model: dict[str, Records] = {}
        self._times: list[datetime] = []
        self._states: list[dict[str, Records]] = []
        Index.objects.using("system").filter(pk=index.pk).update(created_at=self.start)
        with self._connected() as connection:
            self._epoch = log.take_lease(connection, index.pk, "test")
            for _ in range(steps):
                self._now += timedelta(seconds=self._random.random() * 2 * self._pace_s)
                self._now = min(self._now, self.end)
                self._step(connection)
                self._times.append(self._now)
                self._states.append(deepcopy(self._model))

    def digests_at(self, moment: datetime) -> dict[str, str]:
        """What a full read of the index would have told then, by namespace."""
        count = bisect_right(self._times, moment)
        state = self._states[count - 1] if count else {}
        return {name: _digest(records) for name, records in state.items()}

    @property
    def living(self) -> set[UUID]:
        """The namespaces that are there at the end."""
        return set(self._ids.values())

    def _step(self, connection: Connection) -> None:
        name, kind = self._random.choice(NAMES), self._random.randrange(100)
        if kind < 4:
            self._drop(connection, name)
        elif kind < 12:
            self._build(connection, name)
        elif kind < 20:
            archive_log()
            rows.keep_bases(connection, 0 if kind < 15 else 3_600)
            log.trim(connection, 0)
        else:
            self._write(connection, name, kind)

    def _write(self, connection: Connection, name: str, kind: int) -> None:
        if name not in self._ids:
            self._create(connection, name)
        self._lsns[name] += 1
        operation = self._operation(name, kind)
        place = {"index_id": self.index.pk, "namespace_id": self._ids[name]}
        sealed = seal_batch(self._key, operation, lsn=self._lsns[name], **place)
        connection.execute(
            "INSERT INTO log_batch VALUES (%s, %s, %s, %s, %s, %s, %s)",
            [*place.values(), self._lsns[name], int(operation_code(operation)),
             record_count(operation), sealed, self._now],
        )  # fmt: skip

    def _operation(self, name: str, kind: int) -> Operation:
        records = self._model[name]
        ids = sorted({f"r{self._random.randrange(60)}" for _ in range(5)})
        if kind < 23:
            records.clear()
            return DeleteAllOperation()
        if kind < 40:
            for record_id in ids:
                records.pop(record_id, None)
            return DeleteOperation(ids)
        values = np.array([[self._random.random() for _ in range(4)] for _ in ids], np.float32)
        if kind < 60:
            if ids[0] in records:
                records[ids[0]] = _row(values[0]), records[ids[0]][1] | {"kind": kind}
            return UpdateOperation(ids[:1], values[0], set_metadata=b'{"kind":%d}' % kind)
        for record_id, row in zip(ids, values, strict=True):
            records[record_id] = _row(row), {"step": len(self._times)}
        metadata: list[bytes | None] = [b'{"step":%d}' % len(self._times) for _ in ids]
        return UpsertOperation(ids, values, [None] * len(ids), metadata)

    def _create(self, connection: Connection, name: str) -> None:
        self._ids[name], self._lsns[name], self._model[name] = new_id(), 0, {}
        row = new_namespace(self._key, self.index.pk, self._ids[name], name)
        log.create_namespace(connection, self.index.pk, row, epoch=self._epoch)
        connection.execute(
            "UPDATE log_namespace SET created_at = %s, origin_at = %s WHERE namespace_id = %s",
            [self._now, self._now, self._ids[name]],
        )

    def _drop(self, connection: Connection, name: str) -> None:
        if name not in self._ids:
            return
        namespace_id = self._ids.pop(name)
        del self._model[name]
        log.drop_namespace(connection, self.index.pk, namespace_id, epoch=self._epoch)
        connection.execute(
            "UPDATE log_dropped SET dropped_at = %s WHERE namespace_id = %s",
            [self._now, namespace_id],
        )

    def _build(self, connection: Connection, name: str) -> None:
        if name in self._ids:
            store = open_object_store(environment().object_store_url)
            spec = IndexSpec(4, Metric.COSINE)
            place = (self.index.pk, self._ids[name])
            build_next(Site(connection, store, self._key, spec, *place), max_records=40)

    @contextmanager
    def _connected(self) -> Iterator[Connection]:
        url = environment().database_system_url.get_secret_value()
        with closing(connect(url, name="test")) as connection:
            yield connection


def _row(values: "np.ndarray[tuple[int], np.dtype[np.float32]]") -> tuple[float, ...]:
    return tuple(map(float, values))


def _digest(records: Records) -> str:
    nothing = OlderSegments((), lambda _one: None)  # type: ignore[arg-type, return-value]
    if not records:
        return digest_of(nothing, ()).digest
    values = np.array([row for row, _ in records.values()], np.float32)
    metadata: list[bytes | None] = [orjson.dumps(fields) for _, fields in records.values()]
    whole = UpsertOperation(list(records), values, [None] * len(records), metadata)
    return digest_of(nothing, [(1, whole)]).digest
