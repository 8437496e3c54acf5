"""One writer per index: whoever lost the lease is refused by PostgreSQL itself."""

import threading

import pytest

from keyring.envelope import DataKey
from kit.errors import Unavailable
from kit.ids import new_id
from storage.database import Connection, connect
from storage.write_log import log, statements
from storage.write_log.appender import LogAppender
from storage.write_log.batches import Completed, Failed
from storage.write_log.errors import Fenced
from storage.write_log.session import LogSession, Phase, session_conninfo
from tests.storage.write_log.disturbing import (
    Gate,
    ids_in_log,
    probe,
    waiting_for_locks,
)
from tests.storage.write_log.driving import Writer, drive, upsert, write
from tests.support.waiting import wait_until


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


def test_a_probe_of_a_stale_holder_fails(
    appender: LogAppender, connection: Connection, writer: Writer
) -> None:
    log.take_lease(connection, writer.index_id, "second")
    (outcome,) = write(appender, probe(writer))
    assert isinstance(outcome.error, Fenced)


def test_a_writer_that_freezes_in_a_transaction_loses_the_lease(
    connection: Connection, log_url: str, writer: Writer
) -> None:
    """Half of it has arrived at PostgreSQL and holds the lease; the rest never comes."""
    session = LogSession(session_conninfo(log_url), lock_timeout_s=1, commit_timeout_s=2)
    wait_until(lambda: is_idle(session), timeout_s=30, what="the session is set up")
    session._command(statements.BEGIN)
    batch = writer.batch()
    assert batch.new_namespace is not None
    session._execute(b"namespace", statements.namespace_values(batch, batch.new_namespace), 0)
    session._execute(b"append", statements.batch_values(batch), 0)
    session._connection.send_flush_request()
    session._connection.flush()
    held = "SELECT 1 FROM log_lease WHERE index_id = %s FOR UPDATE SKIP LOCKED"
    wait_until(
        lambda: connection.execute(held, [writer.index_id]).fetchone() is None,
        timeout_s=30, what="the lease is held",
    )  # fmt: skip
    assert log.take_lease(connection, writer.index_id, "second") > writer.epoch
    assert log.namespaces(connection, writer.index_id) == []
    session.close()


def is_idle(session: LogSession) -> bool:
    session.advance()
    return session.phase is Phase.IDLE


def test_a_taker_that_freezes_loses_the_lease(
    connection: Connection, log_url: str, writer: Writer
) -> None:
    with connect(log_url, name="frozen") as frozen, pytest.raises(Unavailable):
        freeze_with_the_lease(frozen, writer, connection)


def freeze_with_the_lease(frozen: Connection, writer: Writer, other: Connection) -> None:
    with log._brief(frozen):
        frozen.execute("SET idle_in_transaction_session_timeout = '1s'")
        log._hold_lease(frozen, writer.index_id, writer.epoch, strength="UPDATE")
        assert log.take_lease(other, writer.index_id, "second") > writer.epoch
