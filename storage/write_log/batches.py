"""Batches: one acknowledged request each, sealed, on their way into the log and out of it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from keyring.envelope import DataKey
from kit.errors import StonepineError
from storage.sealing import resealed, seal_named, unseal_named
from storage.write_log.names import NewNamespace
from storage.write_log.operations import Operation, decode, encode, operation_code

_PURPOSE = "log batch"
PROBE_LSN = 0


@dataclass(frozen=True, slots=True, eq=False)
class PendingBatch:
    """One row for the log. `tag` is the submitter's own and comes back with the outcome.

    `lsn` is the namespace's last one plus 1, counting what is pending. A probe has LSN 0 and any
    `namespace_id`; it is inserted and rolled back. `event` is the audit event of the act, as JSON,
    and is part of its transaction.
    """

    index_id: UUID
    epoch: int
    namespace_id: UUID
    lsn: int
    operation: int
    record_count: int
    sealed: bytes
    new_namespace: NewNamespace | None = None
    is_probe: bool = False
    event: bytes | None = None
    tag: object = None

    @property
    def is_alone(self) -> bool:
        """Whether no other batch may be in its transaction. An event waits for the chain of its
        organization, for which nobody else's write should wait, or fail with it."""
        return self.is_probe or self.event is not None


@dataclass(frozen=True, slots=True, eq=False)
class Completed:
    """The batch is durable (a probe: would have been)."""

    batch: PendingBatch
    committed_at: datetime


@dataclass(frozen=True, slots=True, eq=False)
class Failed:
    """The batch is not in the log; or, where `indeterminate`, nobody knows before the index was
    opened again under a new lease."""

    batch: PendingBatch
    error: StonepineError
    indeterminate: bool = False


def seal_batch(
    key: DataKey, operation: Operation, *, index_id: UUID, namespace_id: UUID, lsn: int
) -> bytes:
    """The operation's bytes for exactly that place in the log."""
    code = operation_code(operation)
    return seal_named(key, encode(operation), _PURPOSE, index_id, namespace_id, lsn, int(code))


def open_batch(
    key: DataKey, code: int, sealed: bytes, *, index_id: UUID, namespace_id: UUID, lsn: int
) -> Operation:
    """The operation. Raises `DataLoss` for another place, key or bit."""
    return decode(code, unseal_named(key, sealed, _PURPOSE, index_id, namespace_id, lsn, code))


def reseal_batch(
    key: DataKey, code: int, sealed: bytes, *, index_id: UUID, namespace_id: UUID, lsn: int
) -> bytes:
    """The same for the same place, under the newest version of the key."""
    return resealed(key, sealed, _PURPOSE, index_id, namespace_id, lsn, code)
