"""The blocking side: leases, namespaces, reading what was written, and upkeep."""

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
from psycopg import sql

from cli.embedded.postgres import APPLICATION, EmbeddedPostgres
from keyring.envelope import DataKey
from kit.errors import AlreadyExists, DataLoss, Unavailable
from kit.ids import new_id
from storage.database import Connection, connect
from storage.schema import TABLES
from storage.write_log import log
from storage.write_log.appender import LogAppender
from storage.write_log.errors import Fenced
from storage.write_log.names import NewNamespace, new_namespace
from storage.write_log.operations import DeleteAllOperation, DeleteOperation
from tests.storage.write_log.driving import Writer, upsert, write


@pytest.fixture
def appender(log_url: str) -> Iterator[LogAppender]:
    appender = LogAppender(log_url)
    yield appender
    appender.close()


@pytest.fixture
def writer(connection: Connection, key: DataKey, index_id: UUID) -> Writer:
    return Writer(key, index_id, log.take_lease(connection, index_id, "test"))


def lsns(connection: Connection, writer: Writer, **bounds: int) -> list[int]:
    rows = log.read_batches(
        connection, writer.key, writer.index_id, writer.namespace_id, **{"after_lsn": 0, **bounds}
    )
    return [lsn for lsn, _, _ in rows]


def named(writer: Writer, name: str, **more: bytes) -> NewNamespace:
    return new_namespace(writer.key, writer.index_id, new_id(), name, **more)


def test_each_lease_has_a_greater_epoch_even_after_the_index_was_dropped(
    connection: Connection, index_id: UUID
) -> None:
    first = log.take_lease(connection, index_id, "a")
    second = log.take_lease(connection, index_id, "b")
    log.drop_index(connection, index_id)
    third = log.take_lease(connection, index_id, "c")
    assert first < second < third


def test_batches_are_read_in_order_within_their_bounds(
    appender: LogAppender, connection: Connection, writer: Writer
) -> None:
    write(appender, *(writer.batch(upsert(f"{number}")) for number in range(40)))
    assert lsns(connection, writer) == list(range(1, 41))
    assert lsns(connection, writer, after_lsn=10, up_to_lsn=30) == list(range(11, 31))
    assert lsns(connection, writer, after_lsn=40) == []
    assert log.last_lsn(connection, writer.index_id, writer.namespace_id) == 40


def test_a_missing_batch_is_data_loss(
    appender: LogAppender, connection: Connection, writer: Writer
) -> None:
    write(appender, *(writer.batch() for _ in range(3)))
    connection.execute("DELETE FROM log_batch WHERE index_id = %s AND lsn = 2", [writer.index_id])
    with pytest.raises(DataLoss, match="Batch 2"):
        lsns(connection, writer)


def test_swapped_batches_are_data_loss(
    appender: LogAppender, connection: Connection, writer: Writer
) -> None:
    write(appender, *(writer.batch(upsert(name)) for name in "ab"))
    connection.execute(
        """UPDATE log_batch b SET sealed = o.sealed FROM log_batch o
           WHERE b.index_id = %s AND o.index_id = b.index_id AND o.lsn = 3 - b.lsn""",
        [writer.index_id],
    )
    with pytest.raises(DataLoss):
        lsns(connection, writer)


def test_a_batch_with_another_operation_code_is_data_loss(
    appender: LogAppender, connection: Connection, writer: Writer
) -> None:
    write(appender, writer.batch(DeleteOperation(["a"])))
    connection.execute("UPDATE log_batch SET operation = 3 WHERE index_id = %s", [writer.index_id])
    with pytest.raises(DataLoss):
        lsns(connection, writer)


def test_another_key_or_key_version_reads_nothing(
    appender: LogAppender, connection: Connection, writer: Writer, key: DataKey
) -> None:
    write(appender, writer.batch())
    writer.key = DataKey(key.project_id, 2, key.secret)
    with pytest.raises(DataLoss, match="Version 1 of the key"):
        lsns(connection, writer)
    writer.key = DataKey(new_id(), 1, key.secret)
    with pytest.raises(DataLoss):
        lsns(connection, writer)


def test_no_customer_byte_lies_in_the_tables_in_clear(
    appender: LogAppender, connection: Connection, writer: Writer
) -> None:
    writer.name = "canary-namespace"
    write(appender, writer.batch(upsert("canary-id")))
    for table in ("log_namespace", "log_batch", "log_dropped"):
        rows = connection.cursor(binary=True).execute(
            sql.SQL("SELECT * FROM {}").format(sql.Identifier(table))
        )
        for row in rows:
            stored = b"".join(value for value in row if isinstance(value, bytes))
            assert b"canary" not in stored


def test_a_namespace_is_created_found_and_dropped(connection: Connection, writer: Writer) -> None:
    namespace = named(writer, "Käse", schema=b'{"fields":{}}')
    log.create_namespace(connection, writer.index_id, namespace, epoch=writer.epoch)
    found = log.find_namespace(connection, writer.key, writer.index_id, "Käse")
    assert found == log.get_namespace(connection, writer.index_id, namespace.namespace_id)
    assert (found.name(writer.key), found.schema(writer.key)) == ("Käse", b'{"fields":{}}')
    assert log.find_namespace(connection, writer.key, writer.index_id, "käse") is None
    drop = {"epoch": writer.epoch}
    assert log.drop_namespace(connection, writer.index_id, namespace.namespace_id, **drop)
    assert not log.drop_namespace(connection, writer.index_id, namespace.namespace_id, **drop)
    assert log.find_namespace(connection, writer.key, writer.index_id, "Käse") is None


def test_a_name_exists_once_in_an_index(connection: Connection, writer: Writer) -> None:
    log.create_namespace(connection, writer.index_id, named(writer, "x"), epoch=writer.epoch)
    with pytest.raises(AlreadyExists):
        log.create_namespace(connection, writer.index_id, named(writer, "x"), epoch=writer.epoch)


def test_a_stale_holder_creates_and_drops_no_namespace(
    appender: LogAppender, connection: Connection, writer: Writer
) -> None:
    write(appender, writer.batch())
    log.take_lease(connection, writer.index_id, "other")
    with pytest.raises(Fenced):
        log.create_namespace(connection, writer.index_id, named(writer, "x"), epoch=writer.epoch)
    with pytest.raises(Fenced):
        log.drop_namespace(connection, writer.index_id, writer.namespace_id, epoch=writer.epoch)
    assert lsns(connection, writer) == [1]


def test_a_dropped_index_leaves_nothing_and_takes_nothing(
    appender: LogAppender, connection: Connection, writer: Writer
) -> None:
    write(appender, writer.batch())
    log.drop_index(connection, writer.index_id)
    log.drop_index(connection, writer.index_id)
    for table in TABLES:
        statement = sql.SQL("SELECT count(*) FROM {} WHERE index_id = %s")
        left = connection.execute(statement.format(sql.Identifier(table)), [writer.index_id])
        assert left.fetchone()[0] == 0
    (outcome,) = write(appender, writer.batch())
    assert isinstance(outcome.error, Fenced)


def cover(connection: Connection, writer: Writer, lsn: int) -> None:
    """As if a segment had been built, and the log archived, up to there."""
    connection.execute(
        """UPDATE log_namespace SET manifest_lsn = %(lsn)s, archived_lsn = %(lsn)s
           WHERE namespace_id = %(namespace_id)s""",
        {"lsn": lsn, "namespace_id": writer.namespace_id},
    )


def test_uncovered_counts_the_records_that_no_manifest_covers(
    appender: LogAppender, connection: Connection, writer: Writer
) -> None:
    write(
        appender,
        writer.batch(upsert(*"abc")),
        writer.batch(DeleteOperation(["a"])),
        writer.batch(DeleteAllOperation()),
        writer.batch(upsert(*"de")),
    )
    place = (writer.index_id, writer.namespace_id)
    assert (*place, 7) in log.uncovered(connection, 6)
    assert place not in [row[:2] for row in log.uncovered(connection, 7)]
    cover(connection, writer, 1)
    assert (*place, 4) in log.uncovered(connection, 3)


def test_trim_removes_only_what_is_covered_and_old(
    appender: LogAppender, connection: Connection, writer: Writer
) -> None:
    write(appender, *(writer.batch() for _ in range(4)))
    cover(connection, writer, 3)
    log.trim(connection, 3600)
    assert len(lsns(connection, writer)) == 4
    connection.execute(
        """UPDATE log_batch SET committed_at = now() - interval '2 hours'
           WHERE index_id = %s AND lsn IN (1, 2, 4)""",
        [writer.index_id],
    )
    log.trim(connection, 3600)
    assert lsns(connection, writer, after_lsn=2) == [3, 4]
    with pytest.raises(DataLoss):
        lsns(connection, writer)
    cover(connection, writer, 4)
    log.trim(connection, 0)
    assert log.last_lsn(connection, writer.index_id, writer.namespace_id) == 4


def test_trim_waits_for_the_archive(
    appender: LogAppender, connection: Connection, writer: Writer
) -> None:
    write(appender, *(writer.batch() for _ in range(4)))
    cover(connection, writer, 3)
    connection.execute("UPDATE log_namespace SET archived_lsn = 1 WHERE manifest_lsn = 3")
    log.trim(connection, 0)
    assert lsns(connection, writer, after_lsn=1) == [2, 3, 4]
    log.drop_namespace(connection, writer.index_id, writer.namespace_id, epoch=writer.epoch)
    log.trim(connection, 0)
    assert lsns(connection, writer, after_lsn=1) == [2, 3, 4], "a dropped one waits as well"


def test_the_application_role_sees_nothing_of_the_log(
    postgres_server: EmbeddedPostgres, log_database: str
) -> None:
    with connect(postgres_server.url(APPLICATION, log_database), name="test") as stranger:
        for table in TABLES:
            allowed = stranger.execute("SELECT has_table_privilege(%s, 'SELECT')", [table])
            assert allowed.fetchone()[0] is False


def test_a_server_that_is_away_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(Unavailable):
        connect(f"postgresql://nobody@/none?host={tmp_path}", name="test")
