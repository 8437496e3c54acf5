"""Collections: backups under a name of the project's, of which indexes are made."""

from typing import Any

from access.actor import Actor
from access.decide import require
from access.permissions import Permission
from audit.actions import Action
from audit.record import record
from indexes.backup_models import Backup
from indexes.backups import backup_of, delete_locked, locked_live
from indexes.collection_queries import get_collection
from indexes.job_lines import note_asked
from indexes.models import Index
from indexes.restores import restored_into
from indexes.schedule import back_up_soon
from indexes.specification import checked_name
from indexes.turns import in_turn
from kit.errors import AlreadyExists, InvalidArgument
from orgs.verbs import verb
from projects.encryption_keys import require_usable
from projects.models import Project
from projects.projects import locked_project


@verb(Action.COLLECTION_CREATED)
def create_collection(actor: Actor, index: Index, *, name: str) -> Backup:
    """Wish for a collection of an index, of pods or not. It is taken as any backup is."""
    require(actor, Permission.INDEX_UPDATE, index.scope)
    project = locked_project(index.project_id)
    index = locked_live(project, index)
    require_usable(project)
    name = checked_name(name, of="A collection")
    rows = Backup.objects.filter(project=project).exclude(collection_name="")
    if rows.filter(collection_name=name).exists():
        raise AlreadyExists(f"Resource already exists: there is a collection {name}.", name=name)
    project.organization.require_room("collections_per_project", rows.count())
    made = backup_of(index)
    made.organization, made.project, made.collection_name = project.organization, project, name
    made.save(force_insert=True)
    target = made.audit_target()
    record(actor, Action.COLLECTION_CREATED, target=target, index_id=str(index.pk))
    note_asked(actor, made.organization_id, made.pk, "The collection was asked for.")
    back_up_soon(made.pk)
    return made


@verb(Action.COLLECTION_DELETED)
def delete_collection(actor: Actor, collection: Backup) -> None:
    """Delete it for ever; its name is free again. Not while an index is made of it."""
    require(actor, Permission.INDEX_DELETE, collection.scope)
    delete_locked(collection)
    record(actor, Action.COLLECTION_DELETED, target=collection.audit_target())


@in_turn(4)
@verb(Action.INDEX_CREATED)
def create_index_from_collection(
    actor: Actor,
    project: Project,
    *,
    source_collection: str,
    name: str,
    spec: dict[str, Any],
    dimension: int | None = None,
    metric: str | None = None,
    vector_type: str = "dense",
    schema: dict[str, Any] | None = None,
    tags: dict[str, str] | None = None,
    is_protected: bool = False,
) -> Index:
    """Wish for an index with the collection's records. Its place and pods may be others; vectors
    and metric are what the collection's segments were built for."""
    require(actor, Permission.INDEX_CREATE, project.scope)
    found = get_collection(actor, project, source_collection)
    asked = {"vector_type": vector_type, "dimension": dimension, "metric": metric}
    for field, value in asked.items():
        held = getattr(found, field)
        if value is not None and value != held:
            raise InvalidArgument(f"{field} must be {held}, as in the collection.", field=field)
    ((kind, part),) = spec.items()
    _, index = restored_into(
        actor,
        found,
        name=name,
        spec={kind: {**part, "source_collection": found.collection_name}},
        schema=schema,
        tags=tags or {},
        is_protected=is_protected,
    )
    record(
        actor, Action.INDEX_CREATED, target=index.audit_target(),
        vector_type=index.vector_type, source_collection=found.collection_name,
    )  # fmt: skip
    return index
