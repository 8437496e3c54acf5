"""Writers for tests: batches made and sealed, and an appender driven by a loop of its own."""

import selectors
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import UUID

import numpy as np

from keyring.envelope import DataKey
from kit.ids import new_id
from storage.write_log.appender import LogAppender
from storage.write_log.batches import Completed, Failed, PendingBatch, seal_batch
from storage.write_log.names import new_namespace
from storage.write_log.operations import Operation, UpsertOperation, operation_code, record_count


def upsert(*ids: str, dimension: int = 3) -> UpsertOperation:
    values = np.arange(len(ids) * dimension, dtype=np.float32).reshape(len(ids), dimension)
    return UpsertOperation(list(ids), values, [None] * len(ids), [b'{"a":1}'] * len(ids))


@dataclass
class Writer:
    """Makes one namespace's batches with ascending LSNs."""

    key: DataKey
    index_id: UUID
    epoch: int
    name: str = "ns"
    namespace_id: UUID = field(default_factory=new_id)
    lsn: int = 0

    def batch(self, operation: Operation | None = None, *, tag: object = None) -> PendingBatch:
        operation = operation or upsert("a")
        self.lsn += 1
        place = {"index_id": self.index_id, "namespace_id": self.namespace_id, "lsn": self.lsn}
        first = None
        if self.lsn == 1:
            first = new_namespace(self.key, self.index_id, self.namespace_id, self.name)
        return PendingBatch(
            **place,
            epoch=self.epoch,
            operation=operation_code(operation),
            record_count=record_count(operation),
            sealed=seal_batch(self.key, operation, **place),
            new_namespace=first,
            tag=tag,
        )


def drive(
    appender: LogAppender,
    until: Callable[[list[Completed | Failed]], bool],
    *,
    timeout_s: float = 30,
) -> list[Completed | Failed]:
    """Run the loop until the outcomes so far satisfy the condition."""
    outcomes: list[Completed | Failed] = []
    deadline = time.monotonic() + timeout_s
    while True:
        appender.on_ready()
        outcomes += appender.take_done()
        if until(outcomes):
            return outcomes
        assert time.monotonic() < deadline, f"only {outcomes} within {timeout_s} s"
        wait(appender)


def wait(appender: LogAppender) -> None:
    """Wait as an engine's loop does, at most 50 ms."""
    wait_s = appender.wait_s()
    wait_s = 0.05 if wait_s is None else min(wait_s, 0.05)
    with selectors.DefaultSelector() as selector:
        if appender.fileno() >= 0:
            events = selectors.EVENT_READ
            if appender.wants_write:
                events |= selectors.EVENT_WRITE
            selector.register(appender.fileno(), events)
        selector.select(wait_s)


def write(appender: LogAppender, *batches: PendingBatch) -> list[Completed | Failed]:
    """Submit them and wait for all their outcomes."""
    for batch in batches:
        appender.submit(batch)
    return drive(appender, lambda outcomes: len(outcomes) >= len(batches))
