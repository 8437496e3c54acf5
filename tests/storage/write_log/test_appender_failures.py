"""Killed backends, full disks, locks and servers that are gone: what the appender answers then."""

import time
from pathlib import Path

from keyring.envelope import DataKey
from kit.errors import Internal, StorageFull, Unavailable
from kit.ids import new_id
from storage.database import Connection
from storage.write_log import log
from storage.write_log.appender import Limits, LogAppender
from storage.write_log.batches import Completed
from tests.storage.write_log.disturbing import (
    TERMINATE,
    FailingInserts,
    Gate,
    ids_in_log,
    waiting_for_locks,
)
from tests.storage.write_log.driving import Writer, drive, upsert, write


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


def test_closing_fails_what_is_pending(log_url: str, writer: Writer) -> None:
    appender = LogAppender(log_url)
    appender.submit(writer.batch())
    appender.close()
    (outcome,) = appender.take_done()
    assert isinstance(outcome.error, Unavailable)
    assert appender.pending_bytes == 0
