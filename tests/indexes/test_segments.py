"""Segments are built by child processes as long as the log holds too much."""

import numpy as np

from indexes.deployment.archive import archive_log
from indexes.deployment.garbage import collect_objects
from indexes.deployment.segments import build_what_is_due, trim_log
from indexes.locks import Lock
from indexes.models import Index
from keyring.data_keys import open_data_key
from keyring.envelope import DataKey
from kit.environment import environment
from kit.ids import new_id
from orgs.secrets import installation_keyring
from projects.models import DataKey as DataKeyRow
from storage.database import connect
from storage.objects import open_object_store
from storage.write_log import log
from storage.write_log.batches import seal_batch
from storage.write_log.names import new_namespace
from storage.write_log.operations import UpsertOperation, operation_code
from tests.support.world import World

_RECORDS_A_BATCH = 1000


def data_key(index: Index) -> DataKey:
    row = DataKeyRow.objects.using("system").get(project_id=index.project_id)
    provider = installation_keyring()
    return open_data_key(provider, index.project_id, row.version, bytes(row.wrapped))


def write_batches(index: Index, count: int, *, after: int = 0) -> None:
    """Batches of 1000 records, as a node would have written them two hours ago."""
    key = data_key(index)
    random = np.random.default_rng(7)
    with connect(environment().database_system_url.get_secret_value(), name="test") as connection:
        if not after:
            epoch = log.take_lease(connection, index.pk, "test")
            row = new_namespace(key, index.pk, new_id(), "films")
            log.create_namespace(connection, index.pk, row, epoch=epoch)
        [namespace] = log.namespaces(connection, index.pk)
        namespace_id = namespace.namespace_id
        for lsn in range(after + 1, after + count + 1):
            operation = UpsertOperation(
                ids=[f"{lsn}-{number}" for number in range(_RECORDS_A_BATCH)],
                values=random.standard_normal((_RECORDS_A_BATCH, 4)).astype(np.float32),
                sparse=[None] * _RECORDS_A_BATCH,
                metadata=[None] * _RECORDS_A_BATCH,
            )
            sealed = seal_batch(
                key, operation, index_id=index.pk, namespace_id=namespace_id, lsn=lsn
            )
            connection.execute(
                """INSERT INTO log_batch (index_id, namespace_id, lsn, operation, record_count,
                       sealed, committed_at)
                   VALUES (%s, %s, %s, %s, %s, %s, clock_timestamp() - interval '2 hours')""",
                [index.pk, namespace_id, lsn, int(operation_code(operation)),
                 _RECORDS_A_BATCH, sealed],
            )  # fmt: skip


def batches() -> int:
    with connect(environment().database_system_url.get_secret_value(), name="test") as connection:
        row = connection.execute("SELECT count(*) FROM log_batch").fetchone()
    assert row is not None
    return int(row[0])


def segments(index: Index) -> list[str]:
    store = open_object_store(environment().object_store_url)
    return [path for path in store.list(f"indexes/{index.pk}/") if "/segments/" in path]


def test_a_namespace_under_the_threshold_is_left_alone(world: World) -> None:
    index = world.index()
    write_batches(index, 3)
    assert build_what_is_due() == 0
    assert segments(index) == []


def test_a_full_namespace_gets_a_segment_and_its_log_is_trimmed(world: World) -> None:
    index = world.index()
    write_batches(index, 11)
    assert trim_log() == 0
    assert build_what_is_due() == 1
    assert len(segments(index)) == 1
    assert build_what_is_due() == 0
    assert trim_log() == 0, "what is not archived stays"
    assert archive_log() == 11
    assert trim_log() == 11
    assert batches() == 0


def test_the_log_is_archived_while_everything_else_is_being_done(world: World) -> None:
    """What a lost PostgreSQL costs must not hang on how long a backup is verified."""
    index = world.index()
    write_batches(index, 2)
    with connect(environment().database_system_url.get_secret_value(), name="test") as other:
        for lock in set(Lock) - {Lock.ARCHIVING}:
            other.execute("SELECT pg_advisory_lock(%s)", [lock])
        assert archive_log() == 2
        other.execute("SELECT pg_advisory_unlock_all()")


def test_segments_that_have_become_many_are_merged(world: World) -> None:
    index = world.index()
    write_batches(index, 34)
    assert build_what_is_due() == 2
    write_batches(index, 17, after=34)
    assert build_what_is_due() == 2, "the third segment, and one of all three"
    with connect(environment().database_system_url.get_secret_value(), name="test") as connection:
        assert log.merges_due(connection) == []
    assert len(segments(index)) == 4, "what was merged stays until it is swept up"
    assert build_what_is_due() == 0


def test_a_build_that_fails_is_given_up_until_the_next_run(world: World) -> None:
    index = world.index()
    write_batches(index, 11)
    with connect(environment().database_system_url.get_secret_value(), name="test") as connection:
        connection.execute("UPDATE log_batch SET sealed = '\\x00' WHERE lsn = 4")
    assert build_what_is_due() == 0
    assert batches() == 11


def test_only_one_process_builds_at_a_time(world: World) -> None:
    index = world.index()
    write_batches(index, 11)
    with connect(environment().database_system_url.get_secret_value(), name="test") as other:
        other.execute("SELECT pg_advisory_lock(%s)", [Lock.BUILDING_SEGMENTS])
        assert build_what_is_due() == 0
        # By its word, because a connection that is closed lets go a moment later.
        other.execute("SELECT pg_advisory_unlock(%s)", [Lock.BUILDING_SEGMENTS])
        assert build_what_is_due() == 1


def test_the_sweep_leaves_young_objects_and_what_is_in_use(world: World) -> None:
    collect_objects()  # what other tests have left
    index = world.index()
    write_batches(index, 11)
    build_what_is_due()
    assert collect_objects() == 0
    assert len(segments(index)) == 1
