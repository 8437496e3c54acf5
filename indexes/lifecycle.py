"""Creating, configuring and deleting indexes: wishes, which workers make true."""

from typing import Any

from access.actor import Actor
from access.decide import require
from access.permissions import Permission
from audit.actions import Action
from audit.record import record
from indexes.backup_sources import note_source_deleted, require_no_pending_backup, require_no_reader
from indexes.job_lines import note_asked
from indexes.models import Index, IndexState
from indexes.ports import reserve_port
from indexes.queries import live_indexes
from indexes.schedule import reconcile_soon
from indexes.specification import (
    checked_kind,
    checked_name,
    checked_place,
    merged_tags,
    resized,
    with_capacity,
)
from indexes.turns import in_turn
from kit import clock
from kit.errors import AlreadyExists, Forbidden, InvalidArgument, NotFound
from orgs.dataplane import announce_change
from orgs.verbs import verb
from projects.encryption_keys import require_usable
from projects.models import Project
from projects.projects import locked_project


@in_turn(4)
@verb(Action.INDEX_CREATED)
def create_index(
    actor: Actor,
    project: Project,
    *,
    name: str,
    spec: dict[str, Any],
    dimension: int | None = None,
    metric: str | None = None,
    vector_type: str = "dense",
    schema: dict[str, Any] | None = None,
    tags: dict[str, str] | None = None,
    is_protected: bool = False,
    cmek_id: str | None = None,
) -> Index:
    """Wish for an index. It is `Initializing` until a worker has brought it up.

    `spec` holds exactly one of `serverless`, `pod`, `byoc`; `schema` the filterable fields.
    `cmek_id` names the project's encryption key, which seals all its indexes, named or not.
    """
    require(actor, Permission.INDEX_CREATE, project.scope)
    wish = new_index(
        project,
        name=name,
        spec=spec,
        dimension=dimension,
        metric=metric,
        vector_type=vector_type,
        schema=schema,
        tags=tags,
        is_protected=is_protected,
        cmek_id=cmek_id,
    )
    kind = wish.vector_type
    record(actor, Action.INDEX_CREATED, target=wish.audit_target(), vector_type=kind)
    note_asked(actor, wish.organization_id, wish.pk, "The index was asked for.")
    reconcile_soon(wish.pk)
    return wish


def new_index(
    project: Project,
    *,
    name: str,
    spec: dict[str, Any],
    dimension: int | None,
    metric: str | None,
    vector_type: str,
    schema: dict[str, Any] | None,
    tags: dict[str, str] | None,
    is_protected: bool,
    cmek_id: str | None = None,
) -> Index:
    """The row of a wish that is sound and has room; part of a verb, which records it."""
    kind, dimension, metric = checked_kind(
        vector_type=vector_type, dimension=dimension, metric=metric
    )
    wish = Index(
        organization_id=project.organization_id,
        name=checked_name(name),
        dimension=dimension,
        metric=metric,
        vector_type=kind,
        spec=checked_place(spec),
        schema=schema,
        tags=merged_tags({}, tags or {}),
        is_protected=is_protected,
    )
    wish.project = _with_room(project, name, cmek_id)
    wish.port = reserve_port(wish.pk, organization_id=project.organization_id)
    wish.save(force_insert=True)
    return wish


def _with_room(project: Project, name: str, cmek_id: str | None) -> Project:
    """The project, locked: names and quotas are decided one after the other."""
    found = locked_project(project.pk)
    live = live_indexes(found)
    if live.filter(name=name).exists():
        raise AlreadyExists(f"Resource already exists: there is an index {name}.", name=name)
    found.organization.require_room("indexes_per_project", live.count())
    require_usable(found, key_id=cmek_id)
    return found


@verb(Action.INDEX_CONFIGURED)
def configure_index(
    actor: Actor,
    index: Index,
    *,
    tags: dict[str, str] | None = None,
    is_protected: bool | None = None,
    read_capacity: dict[str, Any] | None = None,
    pods: dict[str, Any] | None = None,
    kind: str | None = None,
) -> Index:
    """Change what may be changed; what is None stays. Tags merge, an empty value removes one.
    `pods` are the arguments of `indexes.specification.resized`; `kind` is what the caller takes
    the index for."""
    require(actor, Permission.INDEX_UPDATE, index.scope)
    index = _locked(index)
    if kind is not None and kind not in index.spec:
        (own,) = index.spec
        raise InvalidArgument(f"The index is {own}, not {kind}: change spec.{own}.", field="spec")
    changed: dict[str, Any] = {}
    if tags:
        changed["tags"] = index.tags = merged_tags(index.tags, tags)
    if is_protected is not None:
        changed["is_protected"] = index.is_protected = is_protected
    if read_capacity is not None or pods is not None:
        spec = with_capacity(index.spec, read_capacity)
        changed["spec"] = index.spec = spec if pods is None else resized(spec, **pods)
        index.generation += 1
    index.save(update_fields=[*changed, "generation"])
    record(actor, Action.INDEX_CONFIGURED, target=index.audit_target(), **changed)
    if "spec" in changed:
        note_asked(actor, index.organization_id, index.pk, "Another size was asked for.")
        reconcile_soon(index.pk)
    return index


@verb(Action.INDEX_DELETED)
def delete_index(actor: Actor, index: Index) -> None:
    """Take the index away at once; its remains are cleared by workers. Its name is free again."""
    require(actor, Permission.INDEX_DELETE, index.scope)
    index = _locked(index)
    if index.is_protected:
        raise Forbidden(
            "Deletion protection is enabled for this index. Disable deletion protection before "
            "retrying."
        )
    require_no_pending_backup(index)
    require_no_reader(index)
    index.state = IndexState.TERMINATING
    index.terminating_since = clock.now()
    index.generation += 1
    index.save(update_fields=["state", "terminating_since", "generation"])
    note_source_deleted(index)
    record(actor, Action.INDEX_DELETED, target=index.audit_target())
    note_asked(actor, index.organization_id, index.pk, "Its deletion was asked for.")
    reconcile_soon(index.pk)
    announce_change()


def _locked(index: Index) -> Index:
    rows = Index.objects.select_for_update(of=("self",))
    rows = rows.select_related(
        "project__organization", "project__encryption_key", "deployment__node"
    )
    found = rows.filter(pk=index.pk).exclude(state=IndexState.TERMINATING).first()
    if found is None:
        raise NotFound(f"Resource {index.name} not found")
    return found
