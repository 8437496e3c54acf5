"""What the appender says to PostgreSQL: its statements, their binary parameters, their outcomes."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from psycopg import pq
from psycopg.pq.abc import PGresult

from storage.write_log.batches import PendingBatch
from storage.write_log.names import NewNamespace

BEGIN = b"BEGIN ISOLATION LEVEL READ COMMITTED"
COMMIT, ROLLBACK = b"COMMIT", b"ROLLBACK"
# Prepared statements are planned once. On tables that were empty then, sequential scans look free,
# and would stay in the plan while the log grows: only the primary keys may be used.
# $1 is the lock timeout. $2 is how long a transaction may take: the lease of a writer that froze or
# lost its machine in the midst of one is free then (PostgreSQL before 17 knows no such bound).
SETUP = b"""SELECT set_config('lock_timeout', $1, false),
    set_config('statement_timeout', '10s', false),
    current_setting('synchronous_commit'), current_setting('fsync'),
    set_config('enable_seqscan', 'off', false),
    set_config('plan_cache_mode', 'force_generic_plan', false),
    (SELECT set_config(name, $2, false) FROM pg_settings WHERE name = 'transaction_timeout')"""

# A NULL refuses the row, and with it the transaction: in `index_id` where another writer took the
# lease (FOR SHARE holds it until the commit), in `namespace_id` where the batch before this one
# or the namespace itself is not there. PostgreSQL names the first such column.
_LEASE = b"""LEFT JOIN LATERAL (SELECT index_id FROM log_lease
    WHERE index_id = $1 AND epoch = $7 FOR SHARE) lease ON true"""

_APPEND = (
    b"""INSERT INTO log_batch
    (index_id, namespace_id, lsn, operation, record_count, sealed, committed_at)
SELECT lease.index_id, place.namespace_id, $3, $4, $5, $6,
    greatest(clock_timestamp(), place.committed_at)
FROM (SELECT) one """
    + _LEASE
    + b"""
LEFT JOIN LATERAL (SELECT n.namespace_id, b.committed_at FROM log_namespace n
    LEFT JOIN log_batch b ON b.index_id = n.index_id AND b.namespace_id = n.namespace_id
        AND b.lsn = $3 - 1
    WHERE n.index_id = $1 AND n.namespace_id = $2
        AND ($3 = 1 OR b.lsn IS NOT NULL OR n.manifest_lsn >= $3 - 1)) place ON true
RETURNING committed_at"""
)

_PROBE = (
    b"""INSERT INTO log_batch
    (index_id, namespace_id, lsn, operation, record_count, sealed, committed_at)
SELECT lease.index_id, $2, $3, $4, $5, $6, clock_timestamp() FROM (SELECT) one """
    + _LEASE
    + b" RETURNING committed_at"
)

_NAMESPACE = b"""INSERT INTO log_namespace
    (index_id, namespace_id, name_digest, name_sealed, schema_sealed)
VALUES ($1, $2, $3, $4, $5)"""

_UUID, _BYTEA, _INT8, _INT4, _INT2 = 2950, 17, 20, 23, 21
_BATCH_TYPES = (_UUID, _UUID, _INT8, _INT2, _INT4, _BYTEA, _INT8)
PREPARED = (
    (b"append", _APPEND, _BATCH_TYPES),
    (b"probe", _PROBE, _BATCH_TYPES),
    (b"namespace", _NAMESPACE, (_UUID, _UUID, _BYTEA, _BYTEA, _BYTEA)),
)

_PG_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_int8, _int4, _int2 = struct.Struct(">q"), struct.Struct(">i"), struct.Struct(">h")

Values = list[bytes | None]


def batch_values(batch: PendingBatch) -> Values:
    return [
        batch.index_id.bytes,
        batch.namespace_id.bytes,
        _int8.pack(batch.lsn),
        _int2.pack(batch.operation),
        _int4.pack(batch.record_count),
        batch.sealed,
        _int8.pack(batch.epoch),
    ]


def namespace_values(batch: PendingBatch, namespace: NewNamespace) -> Values:
    return [
        batch.index_id.bytes,
        namespace.namespace_id.bytes,
        namespace.name_digest,
        namespace.name_sealed,
        namespace.schema_sealed,
    ]


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a transaction was undone: at which batch (None: at none of them), by which SQLSTATE."""

    position: int | None
    sqlstate: str
    column: str = ""

    @property
    def is_fenced(self) -> bool:
        return self.sqlstate == "23502" and self.column == "index_id"


@dataclass(frozen=True, slots=True)
class Outcome:
    """A finished transaction: the commit time of each batch, or the refusal that undid them."""

    committed_at: tuple[datetime, ...] = ()
    refusal: Refusal | None = None


def read_outcome(
    positions: Sequence[int | None], results: Sequence[PGresult], ending: bytes
) -> Outcome:
    """`positions` tells for each result which batch its command belonged to."""
    times = []
    for position, result in zip(positions, results, strict=True):
        if result.status == pq.ExecStatus.TUPLES_OK:
            times.append(_timestamp(result))
        elif result.status != pq.ExecStatus.COMMAND_OK:
            return Outcome(refusal=_refusal(position, result))
    if results[-1].command_status != ending:
        return Outcome(refusal=Refusal(None, "25P02"))
    return Outcome(committed_at=tuple(times))


def error_text(result: PGresult) -> str:
    """SQLSTATE and primary message; the detail is left out because it quotes rows."""
    fields = (pq.DiagnosticField.SQLSTATE, pq.DiagnosticField.MESSAGE_PRIMARY)
    return " ".join(_field(result, field) for field in fields)


def _refusal(position: int | None, result: PGresult) -> Refusal:
    sqlstate = _field(result, pq.DiagnosticField.SQLSTATE)
    return Refusal(position, sqlstate, _field(result, pq.DiagnosticField.COLUMN_NAME))


def _field(result: PGresult, field: pq.DiagnosticField) -> str:
    return (result.error_field(field) or b"").decode(errors="replace")


def _timestamp(result: PGresult) -> datetime:
    (microseconds,) = _int8.unpack(result.get_value(0, 0) or b"")
    return _PG_EPOCH + timedelta(microseconds=microseconds)
