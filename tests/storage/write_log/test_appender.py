"""The appender against a real server: order, groups, what is refused."""

import re

from psycopg import sql

from kit.errors import Aborted
from storage.database import Connection
from storage.schema import TABLES
from storage.write_log import log, statements
from storage.write_log.appender import Limits, LogAppender
from storage.write_log.batches import Completed, Failed
from tests.storage.write_log.disturbing import (
    ids_in_log,
    probe,
    transactions_of,
)
from tests.storage.write_log.driving import Writer, drive, upsert, write


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
    assert log.last_lsn(connection, writer.index_id, writer.namespace_id) == 1


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
        "UPDATE log_namespace SET manifest_lsn = 3, archived_lsn = 3 WHERE index_id = %s",
        [writer.index_id],
    )
    log.trim(connection, 0)
    assert ids_in_log(connection, writer) == []
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
    admin.execute(statements.SETUP.decode().replace("$1", "'1s'").replace("$2", "'10s'"))
    _, append, _ = statements.PREPARED[0]
    types = "uuid, uuid, bigint, smallint, int, bytea, bigint"
    admin.execute(f"PREPARE append ({types}) AS {append.decode()}")
    rows = admin.execute(
        "EXPLAIN EXECUTE append (gen_random_uuid(), gen_random_uuid(), 5, 1::smallint, 1, '', 3)"
    ).fetchall()
    plan = "\n".join(row[0] for row in rows)
    assert "Seq Scan" not in plan
    asked = [table for table in TABLES if re.search(rf"\b{table}\b", append.decode())]
    assert len(asked) >= 3
    for table in asked:
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
