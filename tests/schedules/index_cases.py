"""Work on indexes: bringing up, deleting, backing up, restoring, building, sealing anew."""

from datetime import timedelta
from uuid import UUID

from access.actor import OPERATOR
from audit.actions import Action
from audit.models import Event
from indexes.backup_models import Backup, BackupStatus, RestoreJob
from indexes.backup_schedule_models import BackupSchedule
from indexes.backup_schedules import create_backup_schedule
from indexes.backups import create_backup
from indexes.deployment.backups import take_backup
from indexes.deployment.listeners import is_published
from indexes.lifecycle import delete_index
from indexes.models import Deployment, Import, Index, Node, PortReservation
from indexes.nodes import register_node
from indexes.restores import cancel_restore_job, create_index_from_backup
from indexes.verification_models import BackupVerification
from indexes.verifications import verify_backup
from kit import clock
from kit.environment import environment
from kit.ids import new_id
from orgs.tenancy import tenant
from projects.data_keys import rotate_data_key
from projects.models import DataKey
from storage import imports, nodes
from storage.database import connect
from storage.nodes import Presence
from storage.objects import open_object_store
from tests.indexes.test_backups import backed_up, build_segment
from tests.indexes.test_reconcile import plant_records, remains
from tests.indexes.test_rekeying import versions
from tests.indexes.test_segments import segments, write_batches
from tests.schedules.scene import Case, Planted, Scene
from tests.support.digests import namespaces_of

LONG_AGO = timedelta(days=300)
# Of 1,000 records each, in a log that is long after two: its builder is in a hurry.
SEGMENT_THRESHOLD, MANY_BATCHES = 2_000, 16


def system_rows(statement: str, *parameters: object) -> list[tuple[object, ...]]:
    url = environment().database_system_url.get_secret_value()
    with connect(url, name="test") as connection:
        return connection.execute(statement, list(parameters)).fetchall()


def stored(prefix: str) -> list[str]:
    return list(open_object_store(environment().object_store_url).list(prefix))


def events(action: Action, target_id: object) -> int:
    return Event.objects.using("system").filter(action=action, target_id=str(target_id)).count()


def index_state(index_id: UUID) -> str | None:
    found = Index.objects.using("system").filter(pk=index_id)
    return found.values_list("state", flat=True).first()


def an_index_comes_up(scene: Scene) -> Planted:
    index = scene.index()

    def state() -> object:
        placed = Deployment.objects.using("system").filter(index=index).count()
        row = Index.objects.using("system").get(pk=index.pk)
        return row.state, row.observed_generation, row.failure, is_published(index.pk), placed

    return Planted(state, ("Ready", 1, "", True, 1))


def an_index_goes(scene: Scene) -> Planted:
    index = scene.index()
    plant_records(index)
    delete_index(OPERATOR, index)

    def state() -> object:
        port = PortReservation.objects.using("system").get(index_id=index.pk)
        is_free = port.released_at is not None
        return index_state(index.pk), remains(index), is_published(index.pk), is_free

    return Planted(state, (None, [], False, True))


def a_backup_is_taken(scene: Scene) -> Planted:
    index = scene.index()
    write_batches(index, 1)
    build_segment(index)
    write_batches(index, 1, after=1)
    backup = create_backup(OPERATOR, index, name="nightly")

    def state() -> object:
        row = Backup.objects.using("system").get(pk=backup.pk)
        pins = system_rows("SELECT count(*) FROM log_pin WHERE backup_id = %s", backup.pk)
        return row.status, row.record_count, row.namespace_count, pins

    return Planted(state, ("Ready", 2_000, 1, [(1,)]))


def an_index_is_restored(scene: Scene) -> Planted:
    index = scene.index()
    write_batches(index, 1)
    build_segment(index)
    write_batches(index, 1, after=1)
    held = namespaces_of(index)
    job = create_index_from_backup(OPERATOR, backed_up(index), name=scene.name("restored"))
    made = scene.open_door(job)

    def state() -> object:
        row = RestoreJob.objects.using("system").get(pk=job.pk)
        is_whole = namespaces_of(made) == held
        return row.status, row.percent_complete, index_state(made.pk), is_whole

    return Planted(state, ("Completed", 100, "Ready", True))


def a_restore_is_cancelled(scene: Scene) -> Planted:
    index = scene.index()
    write_batches(index, 1)
    job = create_index_from_backup(OPERATOR, backed_up(index), name=scene.name("unwanted"))
    scene.open_door(job)
    cancel_restore_job(OPERATOR, job)

    def state() -> object:
        status = RestoreJob.objects.using("system").get(pk=job.pk).status
        gone = index_state(job.target_index_id)
        return status, gone, stored(f"indexes/{job.target_index_id}/")

    return Planted(state, ("Cancelled", None, []))


def a_schedule_is_due(scene: Scene) -> Planted:
    """Its run, and the end of the backup of an earlier one."""
    index = scene.index()
    write_batches(index, 1)
    schedule = create_backup_schedule(
        OPERATOR, index, name="nightly", frequency="daily", keep_days=7, hour=6
    )
    before = create_backup(OPERATOR, index, name="before")
    take_backup(before.pk)
    rows = Backup.objects.using("system").filter(pk=before.pk)
    rows.update(schedule_id=schedule.pk, scheduled_for=clock.now() - LONG_AGO,
                expires_at=clock.now() - timedelta(days=1))  # fmt: skip
    schedules = BackupSchedule.objects.using("system").filter(pk=schedule.pk)
    with tenant(index.organization_id):
        BackupSchedule.objects.filter(pk=schedule.pk).update(
            next_run_at=clock.now() - timedelta(hours=1)
        )

    def state() -> object:
        of_index = Backup.objects.using("system").filter(source_index_id=index.pk)
        is_later = schedules.get().next_run_at > clock.now()
        return list(of_index.values_list("status", "record_count")), is_later

    return Planted(state, ([(BackupStatus.READY, 1_000)], True))


def a_backup_is_verified(scene: Scene) -> Planted:
    index = scene.index()
    write_batches(index, 1)
    backup = backed_up(index)
    asked = verify_backup(OPERATOR, backup)

    def state() -> object:
        row = BackupVerification.objects.using("system").get(pk=asked.pk)
        badge = Backup.objects.using("system").get(pk=backup.pk).verification
        return row.status, row.percent_complete, badge, stored(f"indexes/{asked.pk}/")

    return Planted(state, ("Passed", 100, "Passed", []))


def a_segment_is_built(scene: Scene) -> Planted:
    """And what it holds is archived, and trimmed from the log."""
    index = scene.index()
    write_batches(index, MANY_BATCHES)
    held = namespaces_of(index)

    def state() -> object:
        left = system_rows("SELECT count(*) FROM log_batch WHERE index_id = %s", index.pk)
        return len(segments(index)), left, namespaces_of(index) == held

    return Planted(state, (1, [(0,)], True))


def rubbish_is_collected(scene: Scene) -> Planted:
    index = scene.index()
    write_batches(index, 1)
    build_segment(index)
    held = set(stored(f"indexes/{index.pk}/"))
    place = next(iter(held)).rsplit("/", 2)[0]
    left_behind = f"{place}/segments/{UUID(int=2)}"
    open_object_store(environment().object_store_url).put(left_behind, [b"sealed"])

    def state() -> object:
        found = set(stored(f"indexes/{index.pk}/"))
        return left_behind in found, held <= found, len(namespaces_of(index))

    return Planted(state, (False, True, 1))


def a_data_key_is_rotated(scene: Scene) -> Planted:
    project = scene.project()
    index = scene.index(project)
    write_batches(index, 1)
    build_segment(index)
    write_batches(index, 1, after=1)
    held = namespaces_of(index)
    rotate_data_key(OPERATOR, project)
    keys = DataKey.objects.using("system").filter(project_id=project.pk)

    def age() -> None:
        """Whoever held the old one has ended."""
        with tenant(project.organization_id):
            DataKey.objects.filter(project_id=project.pk).update(created_at=clock.now() - LONG_AGO)

    def state() -> object:
        living = sorted(keys.values_list("version", flat=True))
        retired = Event.objects.using("system").filter(
            action=Action.DATA_KEY_RETIRED, project_id=project.pk
        )
        is_whole = namespaces_of(index) == held
        return set(versions(index)), living, retired.count(), is_whole

    return Planted(state, ({2}, [2], 1, True), before_sweeps=age)


def an_import_ends(scene: Scene) -> Planted:
    """One that cannot be read fails, one of long ago is forgotten."""
    index = scene.index()
    url = environment().database_system_url.get_secret_value()
    ids = [new_id(), new_id()]
    with connect(url, name="test") as connection:
        for import_id in ids:
            wish = imports.NewImport(
                id=import_id, index_id=index.pk, key_id="", uri="file:///nowhere", on_error="abort"
            )
            assert imports.insert_import(connection, wish)
    rows = Import.objects.using("system")
    rows.filter(pk=ids[1]).update(status="Completed", finished_at=clock.now() - LONG_AGO)

    def state() -> object:
        found = rows.filter(pk__in=ids).values_list("pk", "status", "failures")
        return list(found)

    return Planted(state, [(ids[0], "Failed", 0)])


def a_node_is_lost(scene: Scene) -> Planted:
    """Another one lives; what the lost one has is served there, once."""
    index = scene.index()
    for name in ("lost", "alive"):
        url = environment().database_system_url.get_secret_value()
        with connect(url, name="test") as connection:
            nodes.beat(connection, Presence(name, name, "", 1, 0, 86_400), version=0)
    lost, alive = (register_node(name, engines=1) for name in ("lost", "alive"))
    Deployment.objects.using("system").create(
        index=index, organization_id=index.organization_id, node=lost
    )
    Node.objects.using("system").filter(pk=lost.pk).update(
        lease_ends_at=clock.now() - LONG_AGO, overdue_since=clock.now() - LONG_AGO
    )

    def state() -> object:
        rows = Deployment.objects.using("system").filter(index=index)
        return list(rows.values_list("node_id", "former_nodes"))

    return Planted(state, [(alive.pk, [lost.pk])])


INDEX_CASES = (
    Case(frozenset({"indexes.keep_up_nodes"}), a_node_is_lost),
    Case(frozenset({"indexes.reconcile", "indexes.sweep"}), an_index_comes_up),
    Case(frozenset({"indexes.reconcile"}), an_index_goes),
    Case(frozenset({"indexes.back_up"}), a_backup_is_taken),
    Case(frozenset({"indexes.restore"}), an_index_is_restored),
    Case(frozenset({"indexes.restore"}), a_restore_is_cancelled),
    Case(frozenset({"indexes.keep_up_backups"}), a_schedule_is_due),
    Case(frozenset({"indexes.verify_backups"}), a_backup_is_verified),
    Case(
        frozenset({"indexes.build_segments", "indexes.archive_log", "indexes.trim_log"}),
        a_segment_is_built,
    ),
    Case(frozenset({"indexes.collect_objects"}), rubbish_is_collected),
    Case(frozenset({"indexes.reseal"}), a_data_key_is_rotated),
    Case(frozenset({"indexes.import_records", "indexes.forget_old_imports"}), an_import_ends),
)
