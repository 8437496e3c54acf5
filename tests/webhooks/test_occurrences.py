"""What becomes a delivery: in the transaction in which it happens, for those who may hear of it."""

from collections.abc import Callable
from uuid import UUID

import pytest
from django.db import DatabaseError, connections, transaction

from access.actor import OPERATOR
from indexes.backup_models import Backup, BackupStatus, RestoreJob, RestoreStatus
from indexes.backups import create_backup
from indexes.deployment.reconcile import _mark_ready
from indexes.lifecycle import delete_index
from indexes.models import Index, IndexState
from indexes.verification_models import BackupVerification, VerificationStatus
from kit import clock
from kit.ids import new_id
from notices.kinds import MEANINGS
from orgs.tenancy import tenant
from projects.api_keys import create_api_key, revoke_api_key
from projects.projects import create_project, delete_project
from storage import imports
from storage.database import Connection
from tests.support.world import World
from tests.webhooks.hooks import hook, outbox
from webhooks.catalogue import CATALOGUE, offered
from webhooks.endpoints import disable_webhook
from webhooks.models import Delivery

OF_PROJECT = [one.name for one in offered(is_of_project=True)]
ALL = [one.name for one in CATALOGUE]


def test_an_act_is_heard_in_its_own_transaction(world: World) -> None:
    webhook = hook(world.project).webhook
    with transaction.atomic():
        create_api_key(world.alice, world.project, name="lost")
        transaction.set_rollback(True)
    assert outbox(webhook) == []
    key, plain = create_api_key(world.alice, world.project, name="kept")
    (delivery,) = outbox(webhook)
    assert delivery.type == "api_key.created"
    assert delivery.content["project_id"] == str(world.project.pk)
    assert delivery.content["subject"] == {"type": "api_key", "id": str(key.pk), "name": "kept"}
    assert delivery.content["actor"]["name"] == "Alice"
    assert plain.value not in str(delivery.content)


def test_a_refusal_is_not_heard(world: World) -> None:
    webhook = hook(world.project).webhook
    with pytest.raises(Exception, match="api_key:create"):
        create_api_key(world.vera, world.project, name="refused")
    assert outbox(webhook) == []


def test_each_hears_only_of_its_own_place_and_what_it_chose(world: World) -> None:
    other = create_project(OPERATOR, world.organization, name="Other")
    here, beside = hook(world.project).webhook, hook(other).webhook
    whole, theirs = hook(world.organization).webhook, hook(world.elsewhere).webhook
    deaf = hook(world.project, events=["index.ready"]).webhook
    silenced = hook(world.project).webhook
    disable_webhook(OPERATOR, silenced)
    create_api_key(OPERATOR, world.project, name="one")
    create_api_key(OPERATOR, world.their_project, name="two")
    assert [len(outbox(one)) for one in (here, whole, theirs)] == [1, 1, 1]
    assert [len(outbox(one)) for one in (beside, deaf, silenced)] == [0, 0, 0]
    assert outbox(here)[0].message_id == outbox(whole)[0].message_id
    assert outbox(theirs)[0].organization_id == world.elsewhere.pk


def _ready(world: World, index: Index) -> None:
    del world
    _mark_ready(index)
    _mark_ready(index)  # it is ready already: that is no news


def _failed(world: World, index: Index) -> None:
    del world
    rows = Index.objects.using("system").filter(pk=index.pk)
    rows.update(state=IndexState.INITIALIZATION_FAILED, failure="no room")


def _deleted(world: World, index: Index) -> None:
    delete_index(world.alice, index)


def _backup(status: BackupStatus) -> Callable[[World, Index], None]:
    def happen(world: World, index: Index) -> None:
        backup = create_backup(world.alice, index, name="nightly")
        rows = Backup.objects.using("system").filter(pk=backup.pk)
        rows.update(status=status, finished_at=clock.now())

    return happen


def _lost_run(world: World, index: Index) -> None:
    del world
    with tenant(index.organization_id):
        Backup.objects.create(
            organization_id=index.organization_id, project_id=index.project_id,
            source_index_id=index.pk, source_index_name=index.name, metric="cosine",
            vector_type="dense", spec={}, status=BackupStatus.FAILED, failure="the plan",
        )  # fmt: skip


def _verification(status: VerificationStatus) -> Callable[[World, Index], None]:
    def happen(world: World, index: Index) -> None:
        backup = create_backup(world.alice, index, name="nightly")
        with tenant(index.organization_id):
            begun = BackupVerification.objects.create(
                organization_id=index.organization_id, backup=backup
            )
        rows = BackupVerification.objects.using("system").filter(pk=begun.pk)
        rows.update(status=status)

    return happen


def _restore(status: RestoreStatus) -> Callable[[World, Index], None]:
    def happen(_world: World, index: Index) -> None:
        with tenant(index.organization_id):
            job = RestoreJob.objects.create(
                organization_id=index.organization_id, project_id=index.project_id,
                source_index_id=index.pk, target_index_id=new_id(), target_index_name="again",
            )  # fmt: skip
        RestoreJob.objects.using("system").filter(pk=job.pk).update(status=status)

    return happen


HAPPENINGS: dict[str, Callable[[World, Index], None]] = {
    "index.ready": _ready,
    "index.failed": _failed,
    "index.deleted": _deleted,
    "backup.ready": _backup(BackupStatus.READY),
    "backup.failed": _backup(BackupStatus.FAILED),
    "backup.verified": _verification(VerificationStatus.PASSED),
    "backup.damaged": _verification(VerificationStatus.DAMAGED),
    "restore.completed": _restore(RestoreStatus.COMPLETED),
    "restore.failed": _restore(RestoreStatus.FAILED),
}


@pytest.mark.parametrize("kind", HAPPENINGS)
def test_a_change_of_state_is_heard_once(world: World, kind: str) -> None:
    index = world.index()
    webhook = hook(world.project, events=[kind]).webhook
    HAPPENINGS[kind](world, index)
    (delivery,) = outbox(webhook)
    assert delivery.type == kind
    assert delivery.content["project_id"] == str(world.project.pk)
    assert delivery.content["subject"]["type"] in kind or kind.startswith("restore")


def test_a_run_of_a_schedule_that_could_not_begin_is_heard(world: World) -> None:
    index = world.index()
    webhook = hook(world.project, events=["backup.failed"]).webhook
    _lost_run(world, index)
    (delivery,) = outbox(webhook)
    assert delivery.content["failure"] == "the plan"
    assert delivery.content["index"] == {"id": str(index.pk), "name": "movies"}


@pytest.mark.parametrize("status", ["Completed", "Failed"])
def test_the_end_of_an_import_is_heard_without_its_error(
    world: World, control: Connection, status: str
) -> None:
    index = world.index()
    kind = f"import.{status.lower()}"
    webhook = hook(world.project, events=[kind]).webhook
    new = imports.NewImport(
        id=new_id(), index_id=index.pk, key_id="", uri="file:///x", on_error="abort"
    )
    assert imports.insert_import(control, new)
    control.execute("UPDATE indexes_import SET status = %s WHERE id = %s", [status, new.id])
    control.commit()
    (delivery,) = outbox(webhook)
    assert delivery.type == kind
    assert delivery.content["index"] == {"id": str(index.pk), "name": "movies"}
    assert "error" not in delivery.content


def test_a_deleted_project_takes_its_webhooks_along_and_is_told_to_the_organization(
    world: World,
) -> None:
    project = create_project(OPERATOR, world.organization, name="Short")
    own = hook(project).webhook
    whole = hook(world.organization, events=["project.deleted"]).webhook
    create_api_key(OPERATOR, project, name="waits")
    assert len(outbox(own)) == 1
    delete_project(OPERATOR, project)
    assert outbox(own) == []
    assert [one.type for one in outbox(whole)] == ["project.deleted"]


def test_the_application_role_cannot_choose_who_hears(world: World) -> None:
    webhook = hook(world.elsewhere).webhook
    call = "SELECT webhooks_announce(%s, NULL, 'api_key.created', '{}')"
    with (
        pytest.raises(DatabaseError, match="permission denied"),
        tenant(world.organization.pk),
        connections["default"].cursor() as cursor,
    ):
        cursor.execute(call, [world.elsewhere.pk])
    assert outbox(webhook) == []


def test_every_act_of_the_catalogue_is_one_of_the_audit_log(world: World) -> None:
    from audit.actions import Action

    announced = {*HAPPENINGS, "import.completed", "import.failed"} - {"index.deleted"}
    announced |= {one.event for one in MEANINGS.values()}
    assert {one for one in ALL if one not in announced} <= {str(one) for one in Action}
    del world


def test_hearing_of_a_revoked_key(world: World) -> None:
    key, _ = world.key()
    webhook = hook(world.project, events=["api_key.revoked"]).webhook
    revoke_api_key(world.alice, key, reason="leaked")
    assert [UUID(one.content["subject"]["id"]) for one in outbox(webhook)] == [key.pk]


def test_rows_are_shown_to_their_own_tenant_only(world: World) -> None:
    hook(world.elsewhere)
    create_api_key(OPERATOR, world.their_project, name="theirs")
    with tenant(world.organization.pk):
        assert list(Delivery.objects.all()) == []
    with tenant(world.elsewhere.pk):
        assert Delivery.objects.count() == 1
