"""A data key is rotated under everything it sealed, whenever the work is broken off."""

from collections import Counter
from datetime import timedelta
from uuid import UUID

import pytest

from access.actor import OPERATOR
from audit.actions import Action
from audit.models import Event
from indexes.backup_models import Backup
from indexes.deployment.archive import archive_log
from indexes.deployment.rekeying import Seals, reseal_what_is_due
from indexes.deployment.restores import carry_out_restore
from indexes.integrations import create_storage_integration
from indexes.key_inventory import project_inventory
from indexes.models import Index
from indexes.moments import create_index_from_moment
from keyring.envelope import DataKey
from kit.environment import environment
from kit.errors import FailedPrecondition
from kit.ids import new_id
from projects.data_keys import rotate_data_key
from projects.keys import newest_data_key
from projects.models import DataKey as DataKeyRow
from storage import imports
from storage.database import Connection, connect
from storage.objects import open_object_store
from storage.segments import SegmentName, SegmentReader
from storage.write_log import log
from tests.indexes.busy_hour import BusyHour
from tests.indexes.test_backups import backed_up, filled, restored
from tests.indexes.test_moments import digests_of
from tests.support.digests import namespaces_of
from tests.support.world import World

SEED = 20261126


def system() -> Connection:
    return connect(environment().database_system_url.get_secret_value(), name="test")


def versions(index: Index) -> Counter[int]:
    return +project_inventory(index.project).data_keys


def furnished(world: World) -> tuple[Index, Backup]:
    """An index with a segment, a log, an archive, a backup with a tail, and an import."""
    index = filled(world)
    archive_log()
    integration = create_storage_integration(
        OPERATOR, world.project, name="lake", provider="s3",
        credentials={"access_key_id": "a", "secret_access_key": "b"},
    )  # fmt: skip
    assert integration.pk
    key, import_id = newest_data_key(index.project_id, using="system"), new_id()
    with system() as connection:
        wish = imports.NewImport(
            id=import_id, index_id=index.pk, key_id="", uri="file:///here", on_error="abort"
        )
        assert imports.insert_import(connection, wish)
        imports.load_import(connection, import_id)
        connection.execute("UPDATE indexes_import SET status = 'InProgress'")
        imports.advance(connection, key, import_id, imports.Progress(1.0, 1, 0, b"a place"))
    return index, backed_up(index)


def test_nothing_is_left_under_the_old_key_and_everything_reads_as_before(world: World) -> None:
    index, backup = furnished(world)
    before = namespaces_of(index)
    assert set(versions(index)) == {1}
    old = newest_data_key(index.project_id, using="system")
    assert rotate_data_key(OPERATOR, index.project) == 2
    assert namespaces_of(index) == before

    assert reseal_what_is_due(grace_s=3600) > 0
    assert set(versions(index)) == {2}
    assert reseal_what_is_due(grace_s=3600) == 0
    assert living(index) == [1, 2], "who began before the rotation may still come with the old one"
    assert reseal_what_is_due(grace_s=0) == 0
    assert living(index) == [2]

    assert namespaces_of(index) == before
    assert namespaces_of(restored(backup)) == before
    assert newest_data_key(index.project_id, using="system").secret != old.secret
    acts = [event.action for event in Event.objects.using("system").order_by("id")]
    assert acts.count(Action.DATA_KEY_ROTATED) == acts.count(Action.DATA_KEY_RETIRED) == 1


def test_no_more_than_eight_versions_live(world: World) -> None:
    for version in range(2, 9):
        assert rotate_data_key(OPERATOR, world.project) == version
    with pytest.raises(FailedPrecondition, match="8 versions"):
        rotate_data_key(OPERATOR, world.project)


def living(index: Index) -> list[int]:
    rows = DataKeyRow.objects.using("system").filter(project_id=index.project_id)
    return sorted(rows.values_list("version", flat=True))


def test_whoever_holds_the_key_of_before_reads_what_others_seal_under_the_next(
    world: World,
) -> None:
    index = filled(world)
    held = newest_data_key(index.project_id, using="system")
    store = open_object_store(environment().object_store_url)
    (path,) = (one for one in store.list(f"indexes/{index.pk}/") if "/segments/" in one)
    _, _, namespace_id, _, segment_id = path.split("/")
    reader = SegmentReader(store, held, SegmentName(index.pk, UUID(namespace_id), UUID(segment_id)))
    ids = reader.read_ids()
    rotate_data_key(OPERATOR, index.project)
    reseal_what_is_due(grace_s=0)
    assert reader.read_ids() == ids, "an open reader reads on"
    assert reader.read_vectors().shape == (2_000, 4)
    with system() as connection:
        (row,) = log.namespaces(connection, index.pk)
        assert row.name(held) == "films"


def test_it_goes_on_wherever_it_was_broken_off(world: World) -> None:
    index, backup = furnished(world)
    before = namespaces_of(index)
    rotate_data_key(OPERATOR, index.project)
    store, key = open_object_store(environment().object_store_url), newest(index)
    steps = 0
    with system() as connection:
        while Seals(connection, store, index.project).reseal(key, may_go_on=lambda: False):
            steps += 1
            assert namespaces_of(index) == before, steps
    assert steps > 5
    assert set(versions(index)) == {2}
    assert namespaces_of(restored(backup)) == before


def newest(index: Index) -> DataKey:
    return newest_data_key(index.project_id, using="system")


def test_a_writer_that_has_not_taken_the_new_key_is_fenced_before_the_old_one_ends(
    world: World,
) -> None:
    index = filled(world)
    with system() as connection:
        stale = log.take_lease(connection, index.pk, "stale")
        rotate_data_key(OPERATOR, index.project)
        reseal_what_is_due(grace_s=3600)
        assert log.lease_epoch(connection, index.pk) == stale
        reseal_what_is_due(grace_s=0)
        assert log.lease_epoch(connection, index.pk) > stale
        rotate_data_key(OPERATOR, index.project)
        reseal_what_is_due(grace_s=3600)
        fresh = log.take_lease(connection, index.pk, "fresh")
        log.note_key_version(connection, index.pk, epoch=fresh, version=3)
        reseal_what_is_due(grace_s=0)
        assert log.lease_epoch(connection, index.pk) == fresh
    assert living(index) == [3]


def test_a_busy_hour_with_its_restores_survives_three_rotations(world: World) -> None:
    hour = BusyHour(world.index(), SEED, steps=120)
    archive_log()
    for _ in range(3):
        rotate_data_key(OPERATOR, hour.index.project)
        while reseal_what_is_due(grace_s=0):
            pass
    assert living(hour.index) == [4]
    assert set(versions(hour.index)) == {4}
    found = {name: one.digest for name, one in namespaces_of(hour.index).items()}
    assert found == hour.digests_at(hour.end)
    moment = hour.start + timedelta(minutes=20)
    job = create_index_from_moment(OPERATOR, hour.index, restore_to=moment, name="then")
    carry_out_restore(job.pk)
    assert digests_of(job) == hour.digests_at(moment)
