"""One writer per index: whoever lost the lease is refused by PostgreSQL itself."""

import threading

from keyring.envelope import DataKey
from kit.ids import new_id
from storage.database import Connection, connect
from storage.write_log import log
from storage.write_log.appender import LogAppender
from storage.write_log.batches import Completed, Failed
from storage.write_log.errors import Fenced
from tests.storage.write_log.disturbing import (
    Gate,
    ids_in_log,
    probe,
    waiting_for_locks,
)
from tests.storage.write_log.driving import Writer, drive, upsert, write


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
