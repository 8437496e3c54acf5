"""Making, changing and deleting projects."""

from uuid import UUID

from django.db import transaction

from access.actor import Actor
from access.decide import require
from access.permissions import Permission
from audit.actions import Action
from audit.record import record
from kit.errors import FailedPrecondition, InvalidArgument, NotFound
from orgs.dataplane import announce_change
from orgs.locks import locked
from orgs.models import Organization, ResourceType, RoleBinding
from orgs.plans import Feature
from orgs.secrets import installation_keyring
from orgs.slugs import free_slug
from orgs.verbs import verb
from projects.keys import create_keys, destroy_pending_keys
from projects.models import ApiKey, DataKey, KeyDestruction, Project

_MAX_NAME = 512
_MAX_PODS = 10_000


@verb(Action.PROJECT_CREATED)
def create_project(
    actor: Actor,
    organization: Organization,
    *,
    name: str,
    max_pods: int = 0,
    force_encryption_with_cmek: bool = False,
) -> Project:
    """A new project with a wrapping key of its own."""
    require(actor, Permission.PROJECT_CREATE, organization.scope)
    name, max_pods = _checked_name(name), _checked_pods(max_pods)
    # Locked, so that two calls at once cannot both take the last free place of a plan.
    organization = locked(organization.pk)
    if force_encryption_with_cmek:
        organization.require_feature(Feature.CUSTOMER_MANAGED_KEYS)
    rows = Project.objects.filter(organization=organization)
    organization.require_room("projects", rows.count())
    project = Project.objects.create(
        organization=organization,
        name=name,
        slug=free_slug(name, is_taken=lambda slug: rows.filter(slug=slug).exists()),
        max_pods=max_pods,
        force_encryption_with_cmek=force_encryption_with_cmek,
    )
    create_keys(project)
    record(actor, Action.PROJECT_CREATED, target=project.audit_target())
    return project


@verb(Action.PROJECT_UPDATED)
def update_project(
    actor: Actor,
    project: Project,
    *,
    name: str | None = None,
    max_pods: int | None = None,
    force_encryption_with_cmek: bool | None = None,
) -> Project:
    """Change what is not None. Encryption with the customer's own keys is never turned off."""
    require(actor, Permission.PROJECT_UPDATE, project.scope)
    found = locked_project(project.pk)
    wanted = {
        "name": None if name is None else _checked_name(name),
        "max_pods": None if max_pods is None else _checked_pods(max_pods),
        "force_encryption_with_cmek": force_encryption_with_cmek,
    }
    previous = {
        field: getattr(found, field)
        for field, value in wanted.items()
        if value is not None and value != getattr(found, field)
    }
    if "force_encryption_with_cmek" in previous:
        _require_encryption_may_change(found)
    if not previous:
        return found
    changed = {field: wanted[field] for field in previous}
    for field, value in changed.items():
        setattr(found, field, value)
    found.save(update_fields=[*changed])
    target = found.audit_target()
    record(actor, Action.PROJECT_UPDATED, target=target, changed=changed, previous=previous)
    return found


@verb(Action.PROJECT_DELETED)
def delete_project(actor: Actor, project: Project) -> None:
    """Delete an empty project, its keys and for ever the key that opens its old bytes."""
    require(actor, Permission.PROJECT_DELETE, project.scope)
    # Nobody gets a role on it meanwhile, and no index or key in it.
    locked(project.organization_id)
    found = locked_project(project.pk)
    _require_empty(found)
    record(actor, Action.PROJECT_DELETED, target=found.audit_target(), **_ending_keys(found))
    ApiKey.objects.filter(project=found).delete()
    DataKey.objects.filter(project=found).delete()
    RoleBinding.objects.filter(resource_type=ResourceType.PROJECT, resource_id=found.pk).delete()
    KeyDestruction.objects.create(project_id=found.pk, organization_id=found.organization_id)
    found.delete()
    transaction.on_commit(destroy_pending_keys, robust=True)
    announce_change()


def _ending_keys(project: Project) -> dict[str, str]:
    """The versions that are destroyed with it, as receipts tell (`cli/evidence/deletion.py`)."""
    wrapping = installation_keyring().key_versions(project.pk)
    data = project.data_keys.order_by("version").values_list("version", flat=True)
    return {"data_keys": ", ".join(map(str, data)), "wrapping_keys": ", ".join(map(str, wrapping))}


def locked_project(project_id: UUID) -> Project:
    """The project as it is now, held until the verb ends: what fits in it is decided in turn."""
    rows = Project.objects.select_for_update(no_key=True, of=("self",))
    found = rows.select_related("organization").filter(pk=project_id).first()
    if found is None:
        raise NotFound("Project not found.")
    return found


def _checked_name(name: str) -> str:
    name = name.strip()
    if not 1 <= len(name) <= _MAX_NAME:
        raise InvalidArgument("A project's name has 1 to 512 characters.", field="name")
    return name


def _checked_pods(max_pods: int) -> int:
    if not 0 <= max_pods <= _MAX_PODS:
        raise InvalidArgument(f"max_pods must be between 0 and {_MAX_PODS}.", field="max_pods")
    return max_pods


def _require_encryption_may_change(project: Project) -> None:
    if project.force_encryption_with_cmek:
        raise InvalidArgument(
            "Encryption with customer-managed keys cannot be turned off.",
            field="force_encryption_with_cmek",
        )
    project.organization.require_feature(Feature.CUSTOMER_MANAGED_KEYS)


def _require_empty(project: Project) -> None:
    # The reverse relation, because the package of indexes stands above this one.
    remaining = project.indexes.count()
    if remaining:
        raise FailedPrecondition(
            f"The project still holds {remaining} indexes. Delete them first; one that was just "
            "deleted needs a moment."
        )
    backups = project.backups.count()
    if backups:
        raise FailedPrecondition(f"The project still holds {backups} backups. Delete them first.")
