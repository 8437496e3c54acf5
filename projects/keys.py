"""A project's keys: the wrapping key at the provider, data keys as rows, and their end."""

from uuid import UUID

import structlog
from django.db.models import QuerySet

from keyring.data_keys import new_data_key, open_data_keys
from keyring.envelope import DataKey as OpenDataKey
from keyring.outer.key import DISABLED, KeyRefused
from kit.errors import DataLoss, StonepineError
from kit.ids import ProjectId
from orgs.secrets import installation_keyring
from projects.models import DataKey, EncryptionKey, KeyDestruction, Project
from storage.catalog import ProjectKeyRow

_log = structlog.get_logger(__name__)


def create_keys(project: Project) -> None:
    """The wrapping key at the provider and the first data key; part of a verb's transaction."""
    provider = installation_keyring()
    provider.create_key(project.pk)
    key, wrapped = new_data_key(provider, project.pk)
    DataKey.objects.create(
        organization_id=project.organization_id,
        project=project,
        version=key.version,
        wrapped=wrapped,
        provider=provider.name,
    )


def newest_data_key(project_id: UUID, *, using: str) -> OpenDataKey:
    """The data key that seals what is written now. `using` says as which role it is read.

    Raises `KeyRefused` while the project's encryption key is disabled.
    """
    disabled = EncryptionKey.objects.using(using).exclude(disabled_at=None)
    if disabled.filter(project_id=project_id).exists():
        raise KeyRefused(DISABLED)
    rows = DataKey.objects.using(using).filter(project_id=project_id)
    key = open_data_keys(installation_keyring(), project_id, lambda: _stored(rows))
    if key is None:
        raise DataLoss(f"The project {project_id} has no data key.")
    return key


def _stored(rows: QuerySet[DataKey]) -> list[ProjectKeyRow]:
    return [
        ProjectKeyRow(ProjectId(row.project_id), row.version, bytes(row.wrapped), row.provider)
        for row in rows.all()
    ]


def destroy_pending_keys() -> int:
    """Destroy the wrapping keys of deleted projects; how many. May run twice, anywhere.

    The wish is a row written with the deletion itself, so a crash between the two loses nothing.
    A wish about a project that exists is nobody's deletion: it is thrown away, the key stays.
    """
    provider, done = installation_keyring(), 0
    for wish in KeyDestruction.objects.using("system").all():
        if Project.objects.using("system").filter(pk=wish.project_id).exists():
            _log.error("key_of_living_project_kept", project_id=str(wish.project_id))
            wish.delete(using="system")
            continue
        try:
            provider.destroy_key(wish.project_id)
        except StonepineError:
            _log.exception("key_not_destroyed", project_id=str(wish.project_id))
            continue
        wish.delete(using="system")
        done += 1
    return done
