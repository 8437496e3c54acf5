"""Making and deleting projects."""

from django.db import transaction

from access.actor import Actor
from access.decide import require
from access.permissions import Permission
from audit.actions import Action
from audit.record import record
from kit.errors import FailedPrecondition, InvalidArgument, NotFound
from orgs.dataplane import announce_change
from orgs.models import Organization, ResourceType, RoleBinding
from orgs.plans import require_room
from orgs.slugs import free_slug
from orgs.verbs import verb
from projects.keys import create_keys, destroy_pending_keys
from projects.models import ApiKey, DataKey, KeyDestruction, Project

_MAX_NAME = 512


@verb(Action.PROJECT_CREATED)
def create_project(
    actor: Actor, organization: Organization, *, name: str, force_encryption_with_cmek: bool = False
) -> Project:
    """A new project with a wrapping key of its own."""
    require(actor, Permission.PROJECT_CREATE, organization.scope)
    name = name.strip()
    if not 1 <= len(name) <= _MAX_NAME:
        raise InvalidArgument("A project's name has 1 to 512 characters.", field="name")
    # Locked, so that two calls at once cannot both take the last free place of a plan.
    organization = Organization.objects.select_for_update().filter(pk=organization.pk)[0]
    rows = Project.objects.filter(organization=organization)
    require_room(organization.limits.projects, rows.count(), what="projects")
    project = Project.objects.create(
        organization=organization,
        name=name,
        slug=free_slug(name, is_taken=lambda slug: rows.filter(slug=slug).exists()),
        force_encryption_with_cmek=force_encryption_with_cmek,
    )
    create_keys(project)
    record(actor, Action.PROJECT_CREATED, target=project.audit_target())
    return project


@verb(Action.PROJECT_DELETED)
def delete_project(actor: Actor, project: Project) -> None:
    """Delete an empty project, its keys and for ever the key that opens its old bytes."""
    require(actor, Permission.PROJECT_DELETE, project.scope)
    found = Project.objects.select_for_update().filter(pk=project.pk).first()
    if found is None:
        raise NotFound("Project not found.")
    _require_empty(found)
    record(actor, Action.PROJECT_DELETED, target=found.audit_target())
    ApiKey.objects.filter(project=found).delete()
    DataKey.objects.filter(project=found).delete()
    RoleBinding.objects.filter(resource_type=ResourceType.PROJECT, resource_id=found.pk).delete()
    KeyDestruction.objects.create(project_id=found.pk, organization_id=found.organization_id)
    found.delete()
    transaction.on_commit(destroy_pending_keys, robust=True)
    announce_change()


def _require_empty(project: Project) -> None:
    # The reverse relation, because the package of indexes stands above this one.
    remaining = project.indexes.count()
    if remaining:
        raise FailedPrecondition(
            f"The project still holds {remaining} indexes. Delete them first; one that was just "
            "deleted needs a moment."
        )
