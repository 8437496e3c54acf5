"""Reads of encryption keys."""

from access.actor import Actor
from access.decide import require
from access.permissions import Permission
from kit.errors import NotFound
from orgs.tenancy import tenant
from projects.models import DataKey, EncryptionKey, Project


def encryption_key_of(actor: Actor, project: Project) -> EncryptionKey | None:
    """The key around the project's; None where the installation's lock is the only one."""
    require(actor, Permission.ENCRYPTION_KEY_READ, project.scope)
    with tenant(project.organization_id):
        rows = EncryptionKey.objects.select_related("project__organization", "organization")
        return rows.filter(project=project).first()


def get_encryption_key(actor: Actor, project: Project) -> EncryptionKey:
    found = encryption_key_of(actor, project)
    if found is None:
        raise NotFound("The project has no encryption key of its own.")
    return found


def data_key_count(actor: Actor, project: Project) -> int:
    """How many data keys the project has: so many are wrapped."""
    require(actor, Permission.ENCRYPTION_KEY_READ, project.scope)
    with tenant(project.organization_id):
        return DataKey.objects.filter(project=project).count()
