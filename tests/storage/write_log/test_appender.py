"""The appender against a real server: order, groups, fencing, losses."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from uuid import UUID

import pytest
from psycopg import sql

from keyring.envelope import DataKey
from kit.errors import Aborted, Internal, StorageFull, Unavailable
from kit.ids import new_id
from storage.database import Connection, connect
from storage.schema import TABLES
from storage.write_log import log, statements
from storage.write_log.appender import Limits, LogAppender
from storage.write_log.batches import PROBE_LSN, Completed, Failed, PendingBatch
from storage.write_log.errors import Fenced
from tests.storage.write_log.driving import Writer, drive, upsert, write

FailingInserts = Callable[..., AbstractContextManager[None]]
TERMINATE = """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE application_name LIKE '%appender' AND datname = current_database()"""


@pytest.fixture
def appender(log_url: str) -> Iterator[LogAppender]:
    # A busy machine needs a while to arrange the situations below.
    appender = LogAppender(log_url, Limits(lock_timeout_s=20, commit_timeout_s=30))
    yield appender
    appender.close()


@pytest.fixture
def writer(connection: Connection, key: DataKey, index_id: UUID) -> Writer:
    return Writer(key, index_id, log.take_lease(connection, index_id, "first"))


class Gate:
    """Holds every insert into the log after it locked the lease and before it is done."""

    def __init__(self, admin: Connection) -> None:
        self._admin = admin

    @contextmanager
    def closed(self) -> Iterator[None]:
        self._admin.execute("SELECT pg_advisory_lock(1)")
        try:
            yield
        finally:
            self._admin.execute("SELECT pg_advisory_unlock(1)")


@contextmanager
def trigger(admin: Connection, body: str) -> Iterator[None]:
    admin.execute(
        "CREATE FUNCTION disturb() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN {body} RETURN NEW; END $$"
    )
    admin.execute(
        "CREATE TRIGGER disturb BEFORE INSERT ON log_batch FOR EACH ROW EXECUTE FUNCTION disturb()"
    )
    try:
        yield
    finally:
        admin.execute("DROP FUNCTION disturb CASCADE")


@pytest.fixture
def gate(admin: Connection) -> Iterator[Gate]:
    with trigger(admin, "PERFORM pg_advisory_xact_lock_shared(1);"):
        yield Gate(admin)


@pytest.fixture
def failing_inserts(admin: Connection) -> FailingInserts:
    def failing(sqlstate: str, index_id: UUID | None = None) -> AbstractContextManager[None]:
        condition = "true" if index_id is None else f"NEW.index_id = '{index_id}'"
        return trigger(
            admin,
            f"IF {condition} THEN RAISE EXCEPTION 'no' USING ERRCODE = '{sqlstate}'; END IF;",
        )

    return failing


def probe(writer: Writer) -> PendingBatch:
    return PendingBatch(
        writer.index_id, writer.epoch, new_id(), PROBE_LSN, 1, 0, b"probe", is_probe=True
    )


def waiting_for_locks(connection: Connection, name: str) -> int:
    row = connection.execute(
        "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE %s "
        "AND wait_event_type = 'Lock' AND datname = current_database()",
        [f"%{name}"],
    ).fetchone()
    return row[0]


def ids_in_log(connection: Connection, writer: Writer) -> list[str]:
    batches = log.read_batches(
        connection, writer.key, writer.index_id, writer.namespace_id, after_lsn=0
    )
    return [name for _, operation, _ in batches for name in operation.ids]


def transactions_of(connection: Connection, writer: Writer) -> int:
    row = connection.execute(
        "SELECT count(DISTINCT xmin::text) FROM log_batch WHERE index_id = %s", [writer.index_id]
    ).fetchone()
    return row[0]


def test_what_completed_is_in_the_log(
    appender: LogAppender, connection: Connection, writer: Writer
) -> None:
    outcomes = write(
        appender, writer.batch(upsert("a", "b"), tag="mine"), writer.batch(upsert("c"))
    )
    assert [type(outcome) for outcome in outcomes] == [Completed, Completed]
    assert outcomes[0].batch.tag == "mine"
    assert ids_in_log(connection, writer) == ["a", "b", "c"]
    assert outcomes[0].committed_at <= outcomes[1].committed_at
    assert appender.pending_bytes == 0


def test_the_first_batch_makes_its_namespace(
    appender: LogAppender, connection: Connection, writer: Writer
) -> None:
    write(appender, writer.batch())
    (row,) = log.namespaces(connection, writer.index_id)
    assert (row.namespace_id, row.name(writer.key)) == (writer.namespace_id, "ns")


def test_what_is_submitted_during_a_transaction_goes_into_one(
    appender: LogAppender, connection: Connection, writer: Writer
) -> None:
    write(appender, writer.batch())
    before = transactions_of(connection, writer)
    appender.submit(writer.batch())
    appender.on_ready()
    for _ in range(20):
        appender.submit(writer.batch())
    outcomes = drive(appender, lambda outcomes: len(outcomes) == 21)
    assert all(isinstance(outcome, Completed) for outcome in outcomes)
    assert [outcome.batch.lsn for outcome in outcomes] == list(range(2, 23))
    assert transactions_of(connection, writer) == before + 2


def test_a_transaction_stays_under_its_limit(
    log_url: str, connection: Connection, writer: Writer
) -> None:
    appender = LogAppender(log_url, Limits(transaction_bytes=10_000))
    batches = [writer.batch(upsert("a", dimension=1000)) for _ in range(6)]
    write(appender, *batches)
    appender.close()
    assert transactions_of(connection, writer) == 3


def test_a_writer_with_an_older_epoch_is_fenced(
    appender: LogAppender, connection: Connection, writer: Writer
) -> None:
    write(appender, writer.batch())
    other = Writer(
        writer.key, writer.index_id, log.take_lease(connection, writer.index_id, "second"),
        namespace_id=writer.namespace_id, lsn=1,
    )  # fmt: skip
    assert other.epoch > writer.epoch
    (outcome,) = write(appender, writer.batch(upsert("late")))
    assert isinstance(outcome, Failed)
    assert isinstance(outcome.error, Fenced)
    assert not outcome.indeterminate
    (outcome,) = write(appender, other.batch(upsert("right")))
    assert isinstance(outcome, Completed)
    assert ids_in_log(connection, other) == ["a", "right"]


def test_fencing_spares_other_indexes_in_the_same_transaction(
    appender: LogAppender, connection: Connection, writer: Writer, key: DataKey
) -> None:
    index_id = new_id()
    other = Writer(key, index_id, log.take_lease(connection, index_id, "other"))
    write(appender, writer.batch(), other.batch())
    log.take_lease(connection, writer.index_id, "second")
    outcomes = write(
        appender, other.batch(upsert("b")), writer.batch(), other.batch(upsert("c")), writer.batch()
    )
    fenced = [outcome.batch.index_id for outcome in outcomes if isinstance(outcome, Failed)]
    assert fenced == [writer.index_id] * 2
    assert ids_in_log(connection, other) == ["a", "b", "c"]


def test_a_lease_taken_during_a_transaction_fences_it(
    appender: LogAppender, connection: Connection, log_url: str, writer: Writer
) -> None:
    """The taker holds the row, the append waits for it, and re-checks the epoch afterwards."""
    write(appender, writer.batch())
    with connect(log_url, name="taker") as taker, taker.transaction():
        log.take_lease(taker, writer.index_id, "second")
        appender.submit(writer.batch(upsert("late")))
        drive(appender, lambda _: waiting_for_locks(connection, "appender") == 1)
    (outcome,) = drive(appender, lambda outcomes: len(outcomes) == 1)
    assert isinstance(outcome, Failed)
    assert isinstance(outcome.error, Fenced)
    assert ids_in_log(connection, writer) == ["a"]


def test_a_lease_is_not_taken_before_the_running_transaction_ended(
    appender: LogAppender, connection: Connection, gate: Gate, log_url: str, writer: Writer
) -> None:
    write(appender, writer.batch())
    epochs = []

    def take() -> None:
        with connect(log_url, name="taker") as taker:
            epochs.append(log.take_lease(taker, writer.index_id, "second"))

    with gate.closed():
        appender.submit(writer.batch(upsert("in time")))
        drive(appender, lambda _: waiting_for_locks(connection, "appender") == 1)
        thread = threading.Thread(target=take)
        thread.start()
        drive(appender, lambda _: waiting_for_locks(connection, "taker") == 1)
        assert epochs == []
    outcomes = drive(appender, lambda outcomes: len(outcomes) == 1)
    thread.join()
    assert isinstance(outcomes[0], Completed)
    assert epochs[0] > writer.epoch
    assert ids_in_log(connection, writer) == ["a", "in time"]


def test_a_backend_killed_within_a_transaction_leaves_the_outcome_open(
    appender: LogAppender,
    connection: Connection,
    admin: Connection,
    gate: Gate,
    writer: Writer,
    key: DataKey,
) -> None:
    index_id = new_id()
    bystander = Writer(key, index_id, log.take_lease(connection, index_id, "other"))
    write(appender, writer.batch())
    with gate.closed():
        appender.submit(writer.batch(upsert("open")))
        drive(appender, lambda _: waiting_for_locks(connection, "appender") == 1)
        appender.submit(writer.batch(upsert("behind it")))
        appender.submit(bystander.batch(upsert("b")))
        admin.execute(TERMINATE)
        lost = drive(appender, lambda outcomes: len(outcomes) >= 2)
    assert [outcome.indeterminate for outcome in lost] == [True, False]
    assert [outcome.batch.index_id for outcome in lost] == [writer.index_id] * 2
    assert all(isinstance(outcome.error, Unavailable) for outcome in lost)
    (outcome,) = drive(appender, lambda outcomes: len(outcomes) == 1)
    assert isinstance(outcome, Completed)
    assert outcome.batch.index_id == index_id
    writer.lsn = log.last_lsn(connection, writer.index_id, writer.namespace_id)
    assert writer.lsn == 1
    (outcome,) = write(appender, writer.batch(upsert("again")))
    assert isinstance(outcome, Completed)
    assert ids_in_log(connection, writer) == ["a", "again"]


def test_a_backend_killed_while_idle_costs_no_write(
    appender: LogAppender, admin: Connection, writer: Writer
) -> None:
    write(appender, writer.batch())
    admin.execute(TERMINATE)
    (outcome,) = write(appender, writer.batch())
    # Sent before the loss was noticed, it would be open; it must never be lost without a word.
    assert isinstance(outcome, Completed) or outcome.indeterminate


def test_kills_at_random_moments_lose_and_invent_nothing(
    appender: LogAppender, connection: Connection, admin: Connection, writer: Writer
) -> None:
    """Whatever the outcome said, the log holds every completed batch and no definite failure."""
    completed = set()
    for round_number in range(25):
        for _ in range(3):
            appender.submit(writer.batch(upsert(f"{round_number}-{writer.lsn}")))
        for _ in range(round_number % 5):
            appender.on_ready()
        admin.execute(TERMINATE)
        refused = set()
        for outcome in drive(appender, lambda outcomes: len(outcomes) == 3):
            if isinstance(outcome, Completed):
                completed.add(outcome.batch.lsn)
            elif not outcome.indeterminate:
                refused.add(outcome.batch.lsn)
        # As an engine does: a new lease, and on from what the log says.
        writer.epoch = log.take_lease(connection, writer.index_id, "again")
        writer.lsn = log.last_lsn(connection, writer.index_id, writer.namespace_id)
        assert completed <= set(range(1, writer.lsn + 1))
        assert not refused & set(range(1, writer.lsn + 1))
    assert len(ids_in_log(connection, writer)) == writer.lsn
    assert completed


def test_a_gap_is_refused_with_all_behind_it(
    appender: LogAppender, connection: Connection, writer: Writer
) -> None:
    write(appender, writer.batch())
    writer.lsn += 1
    outcomes = write(appender, writer.batch(), writer.batch())
    assert [type(outcome.error) for outcome in outcomes] == [Aborted, Aborted]
    writer.lsn = 1
    (outcome,) = write(appender, writer.batch(upsert("b")))
    assert isinstance(outcome, Completed)
    assert ids_in_log(connection, writer) == ["a", "b"]


def test_a_place_in_the_log_is_given_once(
    appender: LogAppender, connection: Connection, writer: Writer
) -> None:
    write(appender, writer.batch(), writer.batch(upsert("b")))
    writer.lsn = 1
    (outcome,) = write(appender, writer.batch(upsert("imposter")))
    assert isinstance(outcome.error, Aborted)
    assert ids_in_log(connection, writer) == ["a", "b"]


def test_a_batch_for_a_dropped_namespace_is_refused(
    appender: LogAppender, connection: Connection, writer: Writer
) -> None:
    write(appender, writer.batch())
    assert log.drop_namespace(connection, writer.index_id, writer.namespace_id, epoch=writer.epoch)
    (outcome,) = write(appender, writer.batch())
    assert isinstance(outcome.error, Aborted)
    assert log.last_lsn(connection, writer.index_id, writer.namespace_id) == 0


def test_a_name_is_given_to_one_namespace_only(
    appender: LogAppender, connection: Connection, writer: Writer
) -> None:
    twin = Writer(writer.key, writer.index_id, writer.epoch)
    outcomes = write(appender, writer.batch(), twin.batch(), twin.batch(), writer.batch())
    failed = [outcome for outcome in outcomes if isinstance(outcome, Failed)]
    assert [outcome.batch.namespace_id for outcome in failed] == [twin.namespace_id] * 2
    assert len(log.namespaces(connection, writer.index_id)) == 1
    assert ids_in_log(connection, writer) == ["a", "a"]


def test_after_a_manifest_the_log_goes_on_though_its_batches_are_gone(
    appender: LogAppender, connection: Connection, writer: Writer
) -> None:
    write(appender, *(writer.batch() for _ in range(3)))
    connection.execute(
        "UPDATE log_namespace SET manifest_lsn = 3 WHERE index_id = %s", [writer.index_id]
    )
    assert log.trim(connection, 0) == 3
    (outcome,) = write(appender, writer.batch())
    assert isinstance(outcome, Completed)
    assert outcome.batch.lsn == 4


def test_commit_times_never_step_back(
    appender: LogAppender, connection: Connection, writer: Writer
) -> None:
    write(appender, writer.batch())
    connection.execute(
        "UPDATE log_batch SET committed_at = now() + interval '1 hour' WHERE index_id = %s",
        [writer.index_id],
    )
    times = [outcome.committed_at for outcome in write(appender, writer.batch(), writer.batch())]
    row = connection.execute(
        "SELECT min(committed_at) FROM log_batch WHERE index_id = %s", [writer.index_id]
    ).fetchone()
    assert times == sorted(times)
    assert times[0] >= row[0]


def test_a_probe_works_and_leaves_nothing_behind(
    appender: LogAppender, connection: Connection, writer: Writer
) -> None:
    write(appender, writer.batch())
    (outcome,) = write(appender, probe(writer))
    assert isinstance(outcome, Completed)
    assert ids_in_log(connection, writer) == ["a"]
    assert log.last_lsn(connection, writer.index_id, writer.namespace_id) == 1
    rows = connection.execute("SELECT count(*) FROM log_batch WHERE lsn = 0").fetchone()
    assert rows[0] == 0


def test_a_probe_of_a_stale_holder_fails(
    appender: LogAppender, connection: Connection, writer: Writer
) -> None:
    log.take_lease(connection, writer.index_id, "second")
    (outcome,) = write(appender, probe(writer))
    assert isinstance(outcome.error, Fenced)


def test_a_full_disk_fails_the_group_and_the_next_write_works(
    appender: LogAppender, connection: Connection, failing_inserts: FailingInserts, writer: Writer
) -> None:
    write(appender, writer.batch())
    with failing_inserts("53100"):
        outcomes = write(appender, writer.batch(), writer.batch())
    assert [type(outcome.error) for outcome in outcomes] == [StorageFull, StorageFull]
    assert not any(outcome.indeterminate for outcome in outcomes)
    writer.lsn = 1
    (outcome,) = write(appender, writer.batch(upsert("b")))
    assert isinstance(outcome, Completed)
    assert ids_in_log(connection, writer) == ["a", "b"]


def test_one_bad_batch_does_not_take_its_neighbours_along(
    appender: LogAppender,
    connection: Connection,
    failing_inserts: FailingInserts,
    writer: Writer,
    key: DataKey,
) -> None:
    index_id = new_id()
    other = Writer(key, index_id, log.take_lease(connection, index_id, "other"))
    write(appender, writer.batch(), other.batch())
    with failing_inserts("22000", index_id=writer.index_id):
        outcomes = write(appender, writer.batch(), other.batch(upsert("b")))
    by_index = {outcome.batch.index_id: outcome for outcome in outcomes}
    assert isinstance(by_index[writer.index_id].error, Internal)
    assert isinstance(by_index[index_id], Completed)
    assert ids_in_log(connection, other) == ["a", "b"]


def test_a_lock_that_is_held_too_long_is_answered(
    log_url: str, connection: Connection, gate: Gate, writer: Writer
) -> None:
    appender = LogAppender(log_url)
    write(appender, writer.batch())
    with gate.closed():
        (outcome,) = write(appender, writer.batch())
    appender.close()
    assert isinstance(outcome.error, Unavailable)
    assert not outcome.indeterminate
    assert ids_in_log(connection, writer) == ["a"]


def test_a_commit_without_an_answer_is_given_up(
    log_url: str, connection: Connection, gate: Gate, writer: Writer
) -> None:
    appender = LogAppender(log_url, Limits(commit_timeout_s=0.2))
    write(appender, writer.batch())
    with gate.closed():
        (outcome,) = write(appender, writer.batch())
        assert outcome.indeterminate
    appender.close()


def test_without_a_server_writes_fail_within_a_second(writer: Writer, tmp_path: Path) -> None:
    appender = LogAppender(f"postgresql://nobody@/none?host={tmp_path}")
    started = time.monotonic()
    (outcome,) = write(appender, writer.batch())
    assert isinstance(outcome.error, Unavailable)
    assert not outcome.indeterminate
    assert time.monotonic() - started < 2.5
    appender.close()


def test_a_server_that_would_lose_writes_is_refused(log_url: str, writer: Writer) -> None:
    appender = LogAppender(f"{log_url}?options=-c%20synchronous_commit%3Doff")
    (outcome,) = write(appender, writer.batch())
    assert isinstance(outcome.error, Unavailable)
    appender.close()


def test_statements_planned_on_empty_tables_use_the_primary_keys_for_ever(
    admin: Connection,
) -> None:
    """After a vacuum of an empty table a sequential scan costs nothing, in a plan that is kept."""
    for table in TABLES:
        admin.execute(
            sql.SQL("CREATE TEMP TABLE {0} (LIKE public.{0} INCLUDING ALL)").format(
                sql.Identifier(table)
            )
        )
        admin.execute(sql.SQL("VACUUM ANALYZE {}").format(sql.Identifier(table)))
    admin.execute(statements.SETUP.decode().replace("$1", "'1s'"))
    _, append, _ = statements.PREPARED[0]
    types = "uuid, uuid, bigint, smallint, int, bytea, bigint"
    admin.execute(f"PREPARE append ({types}) AS {append.decode()}")
    rows = admin.execute(
        "EXPLAIN EXECUTE append (gen_random_uuid(), gen_random_uuid(), 5, 1::smallint, 1, '', 3)"
    ).fetchall()
    plan = "\n".join(row[0] for row in rows)
    assert "Seq Scan" not in plan
    for table in TABLES:
        assert f"using {table}_pkey" in plan


def test_large_batches_go_through_a_socket_that_fills_up(
    appender: LogAppender, connection: Connection, writer: Writer
) -> None:
    batches = [writer.batch(upsert("a", dimension=500_000)) for _ in range(6)]
    outcomes = write(appender, *batches)
    assert all(isinstance(outcome, Completed) for outcome in outcomes)
    sizes = [
        operation.values.size
        for _, operation, _ in log.read_batches(
            connection, writer.key, writer.index_id, writer.namespace_id, after_lsn=0
        )
    ]
    assert sizes == [500_000] * 6


def test_closing_fails_what_is_pending(log_url: str, writer: Writer) -> None:
    appender = LogAppender(log_url)
    appender.submit(writer.batch())
    appender.close()
    (outcome,) = appender.take_done()
    assert isinstance(outcome.error, Unavailable)
    assert appender.pending_bytes == 0
