"""The world of the matrix: an index that is protected, a key that is revoked, in each tenant."""

from dataclasses import dataclass
from uuid import UUID

import pytest

from access.actor import OPERATOR
from access.permissions import Role
from indexes.backup_models import Backup, BackupStatus, RestoreJob, RestoreStatus
from indexes.backup_schedules import create_backup_schedule
from indexes.backups import create_backup
from indexes.collections import create_collection
from indexes.deployment.own_store import own_store
from indexes.lifecycle import configure_index
from indexes.models import Index
from indexes.verification_models import BackupVerification
from kit.ids import new_id
from orgs.audit_streams import create_stream
from orgs.invitations import create_invitation
from orgs.models import Organization, RoleBinding
from orgs.role_bindings import Assignment
from orgs.service_accounts import create_service_account
from orgs.tenancy import tenant
from projects.api_keys import revoke_api_key
from sso.connections import create_connection
from sso.domains import claim_domain
from tests.audit.encryption_key_cases import attached
from tests.support.world import World
from tests.webhooks.hooks import hook


@dataclass(frozen=True)
class Stage:
    """`ours` and `theirs` are the values of routes' parameters in each organization."""

    world: World
    ours: dict[str, str]
    theirs: dict[str, str]
    missing: dict[str, str]


@pytest.fixture
def stage(world: World) -> Stage:
    own_store()  # whose it is was found out when the installation started
    ours = furnish(world, "movies", is_ours=True)
    theirs = furnish(world, "filme", is_ours=False)
    return Stage(world, ours, theirs, MISSING)


@pytest.fixture
def ids(stage: Stage) -> dict[str, str]:
    """Ids of ours, each of something that may be changed."""
    world = stage.world
    member, billing = Assignment(Role.ORG_MEMBER), Assignment(Role.ORG_BILLING_ADMIN)
    invitation, _ = create_invitation(
        OPERATOR, world.organization, email="new@pine.example", assignments=[member]
    )
    account, _ = create_service_account(
        OPERATOR, world.organization, name="target", assignments=[member, billing]
    )
    key, _ = world.key()
    with tenant(world.organization.pk):
        (binding,) = RoleBinding.objects.filter(
            principal_id=account.pk, role=Role.ORG_BILLING_ADMIN
        )
    return {
        "organization_id": world.organization.public_id,
        "project_id": str(world.project.pk),
        "api_key_id": str(key.pk),
        "user_id": str(world.people["bob"].pk),
        "invite_id": str(invitation.pk),
        "service_account_id": str(account.pk),
        "role_binding_id": str(binding.pk),
        "webhook_id": str(hook(world.organization).webhook.pk),
        "delivery_id": MISSING["delivery_id"],
        "job_id": stage.ours["job_id"],
        "stream_id": str(_stream(world.organization)),
    }


def _stream(organization: Organization) -> UUID:
    made = create_stream(
        OPERATOR, organization, name="siem", kind="http", config={"url": "https://siem.invalid/"}
    )
    return made.stream.pk


MISSING = {
    "organization": "nobody",
    "project": "nothing",
    "name": "absent",
    "kind": "absent",
    "part": "absent",
    "key_id": "00000000-0000-7000-8000-000000000000",
    "organization_id": "nobody",
    "project_id": "00000000-0000-7000-8000-000000000000",
    "api_key_id": "00000000-0000-7000-8000-000000000000",
    "user_id": "00000000-0000-7000-8000-000000000000",
    "invite_id": "00000000-0000-7000-8000-000000000000",
    "secret_id": "00000000-0000-7000-8000-000000000000",
    "event_id": "00000000-0000-7000-8000-000000000000",
    "invitation_id": "00000000-0000-7000-8000-000000000000",
    "service_account_id": "00000000-0000-7000-8000-000000000000",
    "role_binding_id": "00000000-0000-7000-8000-000000000000",
    "backup_id": "00000000-0000-7000-8000-000000000000",
    "job_id": "00000000-0000-7000-8000-000000000000",
    "collection": "absent",
    "import_id": "00000000-0000-7000-8000-000000000000",
    "schedule_id": "00000000-0000-7000-8000-000000000000",
    "resource_id": "00000000-0000-7000-8000-000000000000",
    "token_id": "00000000-0000-7000-8000-000000000000",
    "group_id": "00000000-0000-7000-8000-000000000000",
    "connection": "00000000-0000-7000-8000-000000000000",
    "domain": "00000000-0000-7000-8000-000000000000",
    "certificate": "00000000-0000-7000-8000-000000000000",
    "test": "00000000-0000-7000-8000-000000000000",
    "connection_id": "00000000-0000-7000-8000-000000000000",
    "rest": "p/nothing",
    "token": "madeup",
    "webhook_id": "00000000-0000-7000-8000-000000000000",
    "delivery_id": "00000000-0000-7000-8000-000000000000",
    "stream_id": "00000000-0000-7000-8000-000000000000",
    "receiver": "http",
    "notice_id": "00000000-0000-7000-8000-000000000000",
    "factor_id": "999999999",
    "session_id": "999999999",
}


def furnish(world: World, name: str, *, is_ours: bool) -> dict[str, str]:
    organization = world.organization if is_ours else world.elsewhere
    project = world.project if is_ours else world.their_project
    index = world.index(name, project=project)
    configure_index(OPERATOR, index, is_protected=True)
    key, _ = world.key(project=project)
    revoke_api_key(OPERATOR, key, reason="for the matrix")
    attached(world, project=project)
    connection = create_connection(OPERATOR, organization, name=name)
    domain = claim_domain(OPERATOR, organization, domain=f"{name}.example.com")
    return {
        **MISSING,
        **_backed_up(index),
        **_scheduled(index),
        "organization": organization.slug,
        "project": project.slug,
        "project_id": str(project.pk),
        "name": name,
        "key_id": str(key.pk),
        "kind": "vault",
        "connection": str(connection.pk),
        "domain": str(domain.pk),
    }


def _backed_up(index: Index) -> dict[str, str]:
    """A backup that a job still reads and that is being verified, a job that is done, and a
    collection that a job reads."""
    backup = create_backup(OPERATOR, index, name="nightly")
    with tenant(index.organization_id):
        Backup.objects.filter(pk=backup.pk).update(status=BackupStatus.READY)
        BackupVerification.objects.create(
            organization_id=index.organization_id, backup_id=backup.pk
        )
        of_backup = {
            "organization_id": index.organization_id,
            "project_id": index.project_id,
            "backup_id": backup.pk,
            "source_index_id": index.pk,
        }
        RestoreJob.objects.create(**of_backup, target_index_id=new_id(), target_index_name="coming")
        done = RestoreJob.objects.create(
            **of_backup,
            target_index_id=new_id(),
            target_index_name="restored",
            status=RestoreStatus.COMPLETED,
        )
        collection = create_collection(OPERATOR, index, name=f"{index.name}-kept")
        RestoreJob.objects.create(
            **of_backup | {"backup_id": collection.pk},
            target_index_id=new_id(),
            target_index_name="coming-too",
        )
    return {
        "backup_id": str(backup.pk),
        "job_id": str(done.pk),
        "collection": collection.collection_name,
    }


def _scheduled(index: Index) -> dict[str, str]:
    """A schedule that is enabled: there is no room for another."""
    made = create_backup_schedule(OPERATOR, index, name="daily", frequency="daily", keep_days=7)
    return {"schedule_id": str(made.pk)}
