"""Rotating the key that wraps a project's data keys; what is sealed under those stays as it is."""

from access.actor import Actor
from access.decide import require
from access.permissions import Permission
from audit.actions import Action
from audit.record import record
from keyring.data_keys import data_key_context
from kit.errors import FailedPrecondition
from orgs.secrets import installation_keyring
from orgs.verbs import verb
from projects.models import DataKey, Project
from projects.projects import locked_project


@verb(Action.WRAPPING_KEY_ROTATED)
def rotate_wrapping_key(actor: Actor, project: Project) -> int:
    """Make a new version at the provider and wrap the project's data keys with it; its number.

    The version before still opens what copies of the database hold, until it is retired. Broken off
    in the middle, this is done again.
    """
    require(actor, Permission.PROJECT_UPDATE, project.scope)
    found = locked_project(project.pk)
    provider = installation_keyring()
    version = provider.rotate_key(found.pk)
    for row in found.data_keys.select_for_update():
        context = data_key_context(found.pk, row.version)
        secret = provider.unwrap(found.pk, bytes(row.wrapped), context=context)
        row.wrapped = provider.wrap(found.pk, secret, context=context)
        row.save(update_fields=["wrapped"])
    target = found.audit_target()
    record(actor, Action.WRAPPING_KEY_ROTATED, target=target, version=str(version))
    return version


@verb(Action.WRAPPING_KEY_RETIRED)
def retire_wrapping_keys(actor: Actor, project: Project) -> list[int]:
    """Destroy all versions but the newest; which. What only they opened is gone for ever: copies of
    the database from before the rotation too."""
    require(actor, Permission.PROJECT_UPDATE, project.scope)
    found = locked_project(project.pk)
    provider = installation_keyring()
    newest = max(provider.key_versions(found.pk))
    if any(wrapping_version(row) != newest for row in found.data_keys.all()):
        raise FailedPrecondition("A data key is still wrapped by an earlier key: rotate first.")
    old = [version for version in provider.key_versions(found.pk) if version != newest]
    if not old:
        return []
    told = ", ".join(map(str, old))
    record(actor, Action.WRAPPING_KEY_RETIRED, target=found.audit_target(), version=told)
    # Last, so that a key is never gone without its event.
    provider.retire_keys(found.pk)
    return old


def wrapping_version(row: DataKey) -> int:
    """Of the wrapping key that opens the row. Raises `DataLoss` where none does."""
    context = data_key_context(row.project_id, row.version)
    provider = installation_keyring()
    return provider.wrapping_version(row.project_id, bytes(row.wrapped), context=context)
