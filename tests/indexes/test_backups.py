"""Backups and restores, with messages lost and doubled, namespaces dropped, objects damaged."""

from uuid import UUID

import pytest

from access.actor import OPERATOR
from dataplane.builder.run import Site, build_next
from dataplane.engine.spec import IndexSpec, Metric
from indexes.backup_models import Backup, BackupStatus, RestoreJob, RestoreStatus
from indexes.backup_queries import (
    backup_by_id,
    backups_of,
    get_backup,
    get_restore_job,
    is_being_filled,
    visible_backups,
)
from indexes.backups import create_backup, delete_backup
from indexes.deployment.archive import archive_log
from indexes.deployment.backups import (
    MAX_ATTEMPTS,
    forget_deleted_backups,
    indexes_being_filled,
    indexes_being_read,
    take_backup,
)
from indexes.deployment.reconcile import reconcile
from indexes.deployment.removal import drop_records
from indexes.deployment.restores import PLACES, carry_out_restore
from indexes.deployment.sweep import unfinished_backups, unfinished_restores
from indexes.lifecycle import delete_index
from indexes.models import Deployment, Index, IndexState, PortReservation
from indexes.queries import index_by_id
from indexes.restores import cancel_restore_job, create_index_from_backup
from kit import clock
from kit.environment import environment
from kit.errors import (
    AlreadyExists,
    DataLoss,
    FailedPrecondition,
    NotFound,
    PaymentRequired,
    PermissionDenied,
    QuotaExceeded,
)
from orgs.organizations import set_plan
from orgs.plans import Plan
from orgs.tenancy import tenant
from projects.projects import delete_project
from storage.database import connect
from storage.garbage import Sweep
from storage.objects import open_object_store
from storage.pins import pins_by_place
from storage.write_log import log
from tests.indexes.test_segments import data_key, segments, write_batches
from tests.support.digests import namespaces_of
from tests.support.world import World

LONG_AGO_S = 10 * 365 * 86_400


def system_url() -> str:
    return environment().database_system_url.get_secret_value()


def backed_up(index: Index) -> Backup:
    backup = create_backup(OPERATOR, index, name="nightly")
    take_backup(backup.pk)
    return fresh(backup)


def own_bytes(backup: Backup) -> int:
    """What was written for this backup alone."""
    store = open_object_store(environment().object_store_url)
    return sum(store.size(path) for path in store.list(f"backups/{backup.pk}/"))


def fresh(backup: Backup) -> Backup:
    return Backup.objects.using("system").select_related("organization").filter(pk=backup.pk)[0]


def job_of(job: RestoreJob) -> RestoreJob:
    return RestoreJob.objects.using("system").filter(pk=job.pk)[0]


def index_of(job: RestoreJob) -> Index:
    return Index.objects.using("system").filter(pk=job.target_index_id)[0]


def restored(backup: Backup, name: str = "again") -> Index:
    job = create_index_from_backup(OPERATOR, backup, name=name)
    carry_out_restore(job.pk)
    assert job_of(job).status == RestoreStatus.COMPLETED
    return index_of(job)


def forget_index(index: Index) -> None:
    """Its port need not rest: nobody was told of it, and campaigns need more than there are."""
    Index.objects.using("system").filter(pk=index.pk).delete()
    PortReservation.objects.using("system").filter(index_id=index.pk).delete()


def filled(world: World) -> Index:
    """An index with one segment of 2,000 records and 1,000 more in the log."""
    index = world.index()
    write_batches(index, 2)
    build_segment(index)
    write_batches(index, 1, after=2)
    return index


def build_segment(index: Index) -> bool:
    """Of what the log holds past the segments; whether there was anything."""
    store = open_object_store(environment().object_store_url)
    with connect(system_url(), name="test") as connection:
        [namespace] = log.namespaces(connection, index.pk)
        place = (index.pk, namespace.namespace_id)
        site = Site(connection, store, data_key(index), IndexSpec(4, Metric.COSINE), *place)
        return build_next(site, max_records=10_000).status == "built"


def logged(world: World) -> Index:
    """An index with nothing but a log, of 2,000 records."""
    index = world.index()
    write_batches(index, 2)
    return index


def sweep(*, at_s: float | None = None) -> int:
    """The sweep of a time when everything of today is old."""
    store = open_object_store(environment().object_store_url)
    before_s = clock.now().timestamp() + LONG_AGO_S if at_s is None else at_s
    with connect(system_url(), name="test") as connection:
        forget_deleted_backups(connection, store, before_s=before_s)
        spared = frozenset([*indexes_being_filled(), *indexes_being_read()])
        keys = {row.pk: data_key(row) for row in Index.objects.using("system").all()}
        gone = Backup.objects.using("system").all()
        keys |= {row.source_index_id: data_key(row) for row in gone}
        return Sweep(connection, store, keys.get, before_s, spared).collect()


def test_a_restored_index_holds_what_the_index_held(world: World) -> None:
    index = filled(world)
    before = namespaces_of(index)
    backup = backed_up(index)
    assert (backup.status, backup.record_count, backup.namespace_count) == ("Ready", 3_000, 1)
    assert backup.size_bytes > 3_000 * 16
    write_batches(index, 1, after=3)
    copy = restored(backup)
    assert namespaces_of(copy) == before != namespaces_of(index)
    assert (copy.dimension, copy.metric, copy.spec) == (index.dimension, index.metric, index.spec)


def test_a_backup_after_few_writes_moves_few_bytes(world: World) -> None:
    """One record in fifty is new: the segments of the others stay where they are."""
    index = world.index()
    write_batches(index, 50)
    while build_segment(index):
        pass
    whole = backed_up(index).size_bytes
    write_batches(index, 1, after=50)
    second = backed_up(index)
    assert second.record_count == 51_000
    assert own_bytes(second) < 0.05 * whole


def stored_bytes() -> int:
    store = open_object_store(environment().object_store_url)
    return sum(store.size(path) for path in store.list(""))


def stretches_of(index: Index) -> list[str]:
    store = open_object_store(environment().object_store_url)
    return [path for path in store.list(f"indexes/{index.pk}/") if "/log/" in path]


def test_of_a_long_log_a_backup_after_few_writes_moves_few_bytes(world: World) -> None:
    """One record in a hundred is new, and none is in a segment."""
    index = world.index()
    write_batches(index, 100)
    first = backed_up(index)
    assert own_bytes(first) < 0.05 * first.size_bytes, "the log is in the archive once"
    before = stored_bytes()
    write_batches(index, 1, after=100)
    second = backed_up(index)
    assert second.record_count == 101_000
    assert second.size_bytes > 1.005 * first.size_bytes
    assert stored_bytes() - before < 0.05 * second.size_bytes
    assert namespaces_of(restored(second)) == namespaces_of(index)


def test_the_log_that_a_backup_reads_outlives_its_place_in_the_index(world: World) -> None:
    index = logged(world)
    before = namespaces_of(index)
    first = backed_up(index)
    assert build_segment(index)
    write_batches(index, 1, after=2)
    second = backed_up(index)
    sweep()
    needed = stretches_of(index)
    assert len(needed) == 2
    assert namespaces_of(restored(first, "one")) == before
    assert namespaces_of(restored(second, "two")) == namespaces_of(index)
    delete_backup(OPERATOR, first)
    sweep()
    assert len(stretches_of(index)) == 1, "segments hold what the first one read"
    delete_index(OPERATOR, index)
    drop_records(index)
    Index.objects.using("system").filter(pk=index.pk).delete()
    sweep()
    assert namespaces_of(restored(second, "three"))
    delete_backup(OPERATOR, second)
    sweep()
    assert stretches_of(index) == []


def test_a_backup_holds_by_itself_what_the_archive_does_not(world: World) -> None:
    index = logged(world)
    archive_log()
    store = open_object_store(environment().object_store_url)
    (path,) = stretches_of(index)
    store.put(path, [b"no stretch"])
    write_batches(index, 1, after=2)
    backup = backed_up(index)
    assert own_bytes(backup) > 0.9 * backup.size_bytes
    assert namespaces_of(restored(backup)) == namespaces_of(index)


def test_an_index_without_records_is_backed_up_and_restored(world: World) -> None:
    backup = backed_up(world.index())
    assert (backup.status, backup.record_count, backup.size_bytes) == ("Ready", 0, 0)
    assert namespaces_of(restored(backup)) == {}


def test_backups_share_the_segments_and_outlive_them_in_the_index(world: World) -> None:
    index = filled(world)
    before = namespaces_of(index)
    first, second = backed_up(index), backed_up(index)
    assert len(segments(index)) == 1
    delete_index(OPERATOR, index)
    drop_records(index)
    Index.objects.using("system").filter(pk=index.pk).delete()
    sweep()
    assert len(segments(index)) == 1
    assert namespaces_of(restored(first, "one")) == before
    delete_backup(OPERATOR, first)
    sweep()
    assert namespaces_of(restored(second, "two")) == before
    delete_backup(OPERATOR, second)
    sweep()
    assert segments(index) == []
    with connect(system_url(), name="test") as connection:
        assert not pins_by_place(connection)


def test_a_dropped_namespace_stays_in_the_backup(world: World) -> None:
    index = filled(world)
    before = namespaces_of(index)
    backup = backed_up(index)
    with connect(system_url(), name="test") as connection:
        [namespace] = log.namespaces(connection, index.pk)
        epoch = log.lease_epoch(connection, index.pk)
        log.drop_namespace(connection, index.pk, namespace.namespace_id, epoch=epoch)
    assert namespaces_of(index) == {}
    sweep()
    assert namespaces_of(restored(backup)) == before


def test_what_is_taken_twice_is_there_once(world: World) -> None:
    index = logged(world)
    backup = backed_up(index)
    write_batches(index, 1, after=2)
    take_backup(backup.pk)
    assert fresh(backup).record_count == 2_000
    job = create_index_from_backup(OPERATOR, backup, name="again")
    carry_out_restore(job.pk)
    before = namespaces_of(index_of(job))
    carry_out_restore(job.pk)
    # A worker that died between its last transaction and the note of it.
    RestoreJob.objects.using("system").filter(pk=job.pk).update(status=RestoreStatus.IN_PROGRESS)
    carry_out_restore(job.pk)
    assert namespaces_of(index_of(job)) == before
    assert job_of(job).status == RestoreStatus.COMPLETED


def test_the_sweep_finds_what_a_lost_message_missed(world: World) -> None:
    ours, theirs = world.index(), world.index("filme", project=world.their_project)
    backups = [create_backup(OPERATOR, one) for one in (ours, theirs)]
    assert unfinished_backups() == []
    early = clock.now().replace(year=2020)
    Backup.objects.using("system").update(created_at=early)
    assert unfinished_backups() == [one.pk for one in backups]
    for backup in backups:
        take_backup(backup.pk)
    assert unfinished_backups() == []
    jobs = [create_index_from_backup(OPERATOR, fresh(one), name="again") for one in backups]
    assert set(indexes_being_filled()) == {job.target_index_id for job in jobs}
    RestoreJob.objects.using("system").update(created_at=early)
    assert unfinished_restores() == [job.pk for job in jobs]
    for job in jobs:
        carry_out_restore(job.pk)
    assert unfinished_restores() == indexes_being_filled() == []


def test_an_index_that_is_being_filled_is_not_brought_up(world: World) -> None:
    backup = backed_up(world.index())
    job = create_index_from_backup(OPERATOR, backup, name="again")
    assert is_being_filled(job.target_index_id)
    reconcile(job.target_index_id)
    assert index_of(job).state == IndexState.INITIALIZING
    assert not Deployment.objects.using("system").filter(index_id=job.target_index_id).exists()
    with pytest.raises(FailedPrecondition, match="nothing to back up"):
        create_backup(OPERATOR, index_of(job))


def test_the_sweep_spares_what_a_restore_has_written(world: World) -> None:
    backup = backed_up(logged(world))
    job = create_index_from_backup(OPERATOR, backup, name="again")
    store = open_object_store(environment().object_store_url)
    planted = f"indexes/{job.target_index_id}/{UUID(int=1)}/segments/{UUID(int=2)}"
    store.put(planted, [b"sealed"])
    sweep()
    assert planted in store.list("indexes/")
    cancel_restore_job(OPERATOR, job)
    sweep()
    assert planted not in store.list("indexes/")


def test_a_restore_goes_on_turn_by_turn_where_the_last_one_ended(world: World) -> None:
    index = world.index()
    write_batches(index, 1)
    for after in (1, 2, 3):
        build_segment(index)
        write_batches(index, 1, after=after)
    backup = backed_up(index)
    job = create_index_from_backup(OPERATOR, backup, name="again")
    copied = []
    for _ in range(2):
        carry_out_restore(job.pk, turn_s=0)
        assert job_of(job).status == RestoreStatus.IN_PROGRESS
        copied.append(len(segments(index_of(job))))
    assert copied == [1, 2]
    assert 0 < job_of(job).percent_complete < 100
    assert namespaces_of(index_of(job)) == {}
    carry_out_restore(job.pk, turn_s=0)
    assert job_of(job).status == RestoreStatus.COMPLETED
    assert len(segments(index_of(job))) == 3
    assert namespaces_of(index_of(job)) == namespaces_of(index)


def test_restores_leave_most_threads_of_a_worker_to_others(world: World) -> None:
    job = create_index_from_backup(OPERATOR, backed_up(logged(world)), name="again")
    held = 0
    while PLACES.acquire(blocking=False):
        held += 1
    try:
        carry_out_restore(job.pk)
        assert job_of(job).status == RestoreStatus.PENDING
    finally:
        PLACES.release(held)
    assert 0 < held < 8
    carry_out_restore(job.pk)
    assert job_of(job).status == RestoreStatus.COMPLETED


def test_a_cancelled_restore_leaves_no_index(world: World) -> None:
    backup = backed_up(logged(world))
    job = create_index_from_backup(OPERATOR, backup, name="again")
    with pytest.raises(FailedPrecondition, match="still reads this backup"):
        delete_backup(OPERATOR, backup)
    cancel_restore_job(OPERATOR, job)
    carry_out_restore(job.pk)
    assert job_of(job).status == RestoreStatus.CANCELLED
    assert index_of(job).state == IndexState.TERMINATING
    assert namespaces_of(index_of(job)) == {}
    with pytest.raises(FailedPrecondition, match="cannot be cancelled"):
        cancel_restore_job(OPERATOR, job)


def test_a_restore_into_an_index_that_was_deleted_meanwhile_ends(world: World) -> None:
    backup = backed_up(filled(world))
    job = create_index_from_backup(OPERATOR, backup, name="again")
    delete_index(OPERATOR, index_of(job))
    carry_out_restore(job.pk)
    assert job_of(job).status == RestoreStatus.CANCELLED
    assert segments(index_of(job)) == []


@pytest.mark.parametrize("part", ["content", "log/", "segments/", "manifests/"])
def test_a_damaged_backup_is_refused_and_nothing_is_served(world: World, part: str) -> None:
    index = filled(world)
    backup = backed_up(index)
    store = open_object_store(environment().object_store_url)
    roots = [f"backups/{backup.pk}/", f"indexes/{index.pk}/"]
    (path,) = (one for root in roots for one in store.list(root) if part in one)
    sealed = bytearray(store.get(path))
    sealed[len(sealed) // 2] ^= 1
    store.put(path, [bytes(sealed)])
    job = create_index_from_backup(OPERATOR, backup, name="again")
    if part == "manifests/":
        carry_out_restore(job.pk)  # the backup has its own list
        return
    with pytest.raises(DataLoss):
        carry_out_restore(job.pk)
    assert job_of(job).status == RestoreStatus.FAILED
    assert (index_of(job).state, namespaces_of(index_of(job))) == ("InitializationFailed", {})
    reconcile(job.target_index_id)
    assert index_of(job).state == IndexState.INITIALIZATION_FAILED


def test_a_backup_in_another_ones_place_is_refused(world: World) -> None:
    index = logged(world)
    first, second = backed_up(index), backed_up(index)
    store = open_object_store(environment().object_store_url)
    store.put(f"backups/{second.pk}/content", [store.get(f"backups/{first.pk}/content")])
    job = create_index_from_backup(OPERATOR, second, name="again")
    with pytest.raises(DataLoss):
        carry_out_restore(job.pk)


def test_a_backup_that_cannot_be_taken_fails_after_some_tries(world: World) -> None:
    index = filled(world)
    (path,) = segments(index)
    manifest = path.replace("segments", "manifests").rpartition("/")[0] + "/" + "1".zfill(20)
    store = open_object_store(environment().object_store_url)
    store.put(manifest, [b"no manifest at all"])
    backup = create_backup(OPERATOR, index)
    for _ in range(MAX_ATTEMPTS):
        assert fresh(backup).status == BackupStatus.INITIALIZING
        with pytest.raises(DataLoss):
            take_backup(backup.pk)
    assert fresh(backup).status == BackupStatus.FAILED
    assert fresh(backup).failure
    with pytest.raises(FailedPrecondition, match="Failed"):
        create_index_from_backup(OPERATOR, backup, name="again")


def test_an_index_is_not_deleted_under_a_backup_that_is_being_taken(world: World) -> None:
    index = world.index()
    backup = create_backup(OPERATOR, index)
    with pytest.raises(FailedPrecondition, match="is being taken"):
        delete_index(OPERATOR, index)
    take_backup(backup.pk)
    delete_index(OPERATOR, index)
    assert fresh(backup).source_deleted_at is not None
    assert fresh(backup).status == BackupStatus.READY


def test_a_name_that_is_taken_is_refused_and_nothing_is_left(world: World) -> None:
    backup = backed_up(world.index())
    with pytest.raises(AlreadyExists):
        create_index_from_backup(OPERATOR, backup, name="movies")
    assert not RestoreJob.objects.using("system").exists()


def test_plans_bound_backups(world: World) -> None:
    index = world.index()
    set_plan(OPERATOR, world.organization, plan=Plan.STARTER)
    with pytest.raises(PaymentRequired):
        create_backup(OPERATOR, index)
    set_plan(OPERATOR, world.organization, plan=Plan.STANDARD)
    with tenant(world.organization.pk):
        Backup.objects.bulk_create(
            Backup(
                organization=world.organization,
                project=world.project,
                source_index_id=index.pk,
                spec=index.spec,
            )
            for _ in range(500)
        )
    with pytest.raises(QuotaExceeded, match="500"):
        create_backup(OPERATOR, index)


def test_strangers_and_viewers_get_nowhere(world: World) -> None:
    index = world.index()
    backup = backed_up(index)
    with pytest.raises(PermissionDenied):
        create_backup(world.vera, index)
    with pytest.raises(PermissionDenied):
        create_backup(world.mallory, index)
    with pytest.raises(NotFound):
        get_backup(world.mallory, world.their_project, str(backup.pk))
    job = create_index_from_backup(OPERATOR, backup, name="again")
    with pytest.raises(NotFound):
        get_restore_job(world.mallory, world.their_project, str(job.pk))
    assert visible_backups(world.mallory, world.their_project, limit=10).rows == []
    assert get_backup(world.vera, world.project, str(backup.pk)) == backup


def test_a_project_with_backups_is_not_deleted(world: World) -> None:
    index = world.index()
    backed_up(index)
    delete_index(OPERATOR, index)
    index.delete(using="system")
    with pytest.raises(FailedPrecondition, match="1 backups"):
        delete_project(OPERATOR, world.project)


def test_the_operator_finds_indexes_and_backups_of_everybody(world: World) -> None:
    for index in (world.index(), world.index("filme", project=world.their_project)):
        backup = backed_up(index)
        assert index_by_id(OPERATOR, index.pk) == index
        assert backups_of(OPERATOR, index.pk) == [backup]
        assert backup_by_id(OPERATOR, backup.pk) == backup
    for find in (index_by_id, backup_by_id):
        with pytest.raises(NotFound):
            find(OPERATOR, UUID(int=1))
