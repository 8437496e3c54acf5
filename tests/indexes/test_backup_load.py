"""Backups under write load: each restored digest is the digest at the backup's LSNs."""

import os
import random
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from threading import Event, Thread
from uuid import UUID

import numpy as np
import pytest

from access.actor import OPERATOR
from dataplane.builder.run import Site, build_next
from dataplane.engine.spec import IndexSpec, Metric
from indexes.backup_models import Backup
from indexes.backups import create_backup
from indexes.deployment.backups import take_backup
from indexes.models import Index
from kit.environment import environment
from kit.errors import Aborted
from kit.ids import new_id
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
from tests.indexes.test_backups import forget_index, own_bytes, restored
from tests.indexes.test_segments import data_key
from tests.support.campaign import Campaign, chosen_seed
from tests.support.digests import namespaces_of, replayed
from tests.support.waiting import wait_until
from tests.support.world import World

NAMES = ("films", "books")
IS_NIGHTLY = os.environ.get("STONEPINE_NIGHTLY") == "1"
COUNT = 200 if IS_NIGHTLY else 1
# The log that a digest is compared with is replayed from its first batch on, and grows.
BACKUPS_OF_AN_INDEX = 20


class Writer:
    """One engine: a random operation for the one namespace, then for the other, without a pause.

    A second thread has segments built meanwhile.
    """

    def __init__(self, index: Index, *, seed: int) -> None:
        self._index, self._key = index, data_key(index)
        self._random = random.Random(seed)
        self._is_over = Event()
        self.rounds = 0
        with self._connected() as connection:
            epoch = log.take_lease(connection, index.pk, "test")
            self._ids = [new_id() for _ in NAMES]
            for name, namespace_id in zip(NAMES, self._ids, strict=True):
                row = new_namespace(self._key, index.pk, namespace_id, name)
                log.create_namespace(connection, index.pk, row, epoch=epoch)

    @contextmanager
    def running(self) -> Iterator["Writer"]:
        threads = [Thread(target=self._write), Thread(target=self._build)]
        for thread in threads:
            thread.start()
        try:
            yield self
        finally:
            self._is_over.set()
            for thread in threads:
                thread.join()

    def wait_for(self, rounds: int) -> None:
        wait_until(lambda: self.rounds > rounds, timeout_s=60, what="some writes")

    def _write(self) -> None:
        with self._connected() as connection:
            while not self._is_over.is_set():
                for namespace_id in self._ids:
                    self._append(connection, namespace_id, self.rounds + 1)
                self.rounds += 1

    def _append(self, connection: Connection, namespace_id: UUID, lsn: int) -> None:
        operation = self._operation()
        place = {"index_id": self._index.pk, "namespace_id": namespace_id}
        sealed = seal_batch(self._key, operation, lsn=lsn, **place)
        connection.execute(
            "INSERT INTO log_batch VALUES (%s, %s, %s, %s, %s, %s, clock_timestamp())",
            [*place.values(), lsn, int(operation_code(operation)), record_count(operation), sealed],
        )

    def _operation(self) -> Operation:
        ids = sorted({f"r{self._random.randrange(300)}" for _ in range(6)})
        kind = self._random.randrange(100)
        if kind == 0:
            return DeleteAllOperation()
        if kind < 20:
            return DeleteOperation(ids)
        values = np.array([[self._random.random() for _ in range(4)] for _ in ids], np.float32)
        if kind < 40:
            return UpdateOperation(ids[:1], values[0], set_metadata=b'{"kind":%d}' % kind)
        metadata = [b'{"row":%d}' % row for row in range(len(ids))]
        return UpsertOperation(ids, values, [None] * len(ids), list(metadata))

    def _build(self) -> None:
        spec = IndexSpec(4, Metric.COSINE)
        store = open_object_store(environment().object_store_url)
        with self._connected() as connection:
            while not self._is_over.wait(0.05):
                for namespace_id in self._ids:
                    site = Site(connection, store, self._key, spec, self._index.pk, namespace_id)
                    try:
                        build_next(site, max_records=100)
                    except Aborted:
                        continue

    @contextmanager
    def _connected(self) -> Iterator[Connection]:
        url = environment().database_system_url.get_secret_value()
        with closing(connect(url, name="test")) as connection:
            yield connection


@pytest.fixture
def campaign(tmp_path: Path) -> Campaign:
    if IS_NIGHTLY:
        return Campaign.resume("backups", COUNT)
    return Campaign("backups", COUNT, chosen_seed(), folder=tmp_path)


def test_what_is_restored_is_what_was_there_at_the_backups_moment(
    world: World, campaign: Campaign
) -> None:
    with ExitStack() as stack:
        load: Load | None = None
        for number in campaign.rest():
            if load is None or number % BACKUPS_OF_AN_INDEX == 0:
                stack.close()
                load = Load(world.index(f"movies-{number}"), seed=campaign.seed + number)
                stack.enter_context(load.writer.running())
            load.back_up_and_compare(number)


class Load:
    """An index that is written to, and backups of it: no two of the same moment."""

    def __init__(self, index: Index, *, seed: int) -> None:
        self.index, self.writer = index, Writer(index, seed=seed)
        self._cuts: set[tuple[int, ...]] = set()

    def back_up_and_compare(self, number: int) -> None:
        before = self.writer.rounds
        self.writer.wait_for(before + 3)
        backup = create_backup(OPERATOR, self.index, name=f"number-{number}")
        take_backup(backup.pk)
        rounds = self.writer.rounds
        copy = restored(Backup.objects.using("system").filter(pk=backup.pk)[0])
        found = namespaces_of(copy)
        assert set(found) == set(NAMES)
        for name, digest in found.items():
            assert digest == replayed(self.index, name, up_to_lsn=digest.lsn), (number, name)
        lsns = [found[name].lsn for name in NAMES]
        assert lsns[0] - lsns[1] in {0, 1}, "one moment for both namespaces"
        assert before + 3 < lsns[0] <= rounds + 1
        stored = Backup.objects.using("system").filter(pk=backup.pk)[0]
        assert stored.record_count == sum(one.record_count for one in found.values())
        assert own_bytes(backup)
        assert tuple(lsns) not in self._cuts
        self._cuts.add(tuple(lsns))
        forget_index(copy)
