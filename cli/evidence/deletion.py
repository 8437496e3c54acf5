"""A receipt of a deletion: which keys were destroyed, when, and that nothing is left under them."""

from typing import TYPE_CHECKING, Any
from uuid import UUID

from kit.errors import FailedPrecondition, NotFound

if TYPE_CHECKING:
    from audit.models import Event


def deletion_receipt(reference: UUID) -> dict[str, Any]:
    """Of a deleted project or backup, or of a deleted organization with all its projects, as it is
    now.

    Raises `NotFound` where the audit log knows of no such deletion, and `FailedPrecondition` while
    a key waits for its destruction. What is counted is what is left: see `is_complete`.
    """
    projects = _deletions("project", target_id=str(reference))
    organization = _deletions("organization", organization_id=reference)
    if organization:
        projects = _deletions("project", organization_id=reference)
    backup = _deletions("backup", target_id=str(reference))
    if backup:
        return _backup(backup[0])
    if not projects and not organization:
        raise NotFound(f"No deletion of {reference} is in the audit log.")
    told = [_project(one) for one in projects]
    ended = organization or projects
    return {
        "kind": "organization" if organization else "project",
        "id": str(reference),
        "organization_id": str(ended[0].organization_id),
        "deleted_at": ended[0].created_at,
        "deleted_by": ended[0].actor_name,
        "projects": told,
        "is_complete": not any(sum(one["left"].values()) for one in told),
    }


def _deletions(kind: str, **which: Any) -> "list[Event]":
    from audit.actions import Action
    from audit.models import Event, Outcome

    acts = {
        "backup": Action.BACKUP_DELETED,
        "project": Action.PROJECT_DELETED,
        "organization": Action.ORGANIZATION_DELETED,
    }
    rows = Event.objects.using("system").filter(action=acts[kind], outcome=Outcome.SUCCESS, **which)
    return list(rows.order_by("created_at"))


def _project(event: "Event") -> dict[str, Any]:
    from projects.models import KeyDestruction

    project_id = UUID(event.target_id)
    if KeyDestruction.objects.using("system").filter(project_id=project_id).exists():
        raise FailedPrecondition(
            f"The key of the project {project_id} waits for its destruction: the worker tries it "
            "each minute."
        )
    return {
        "project_id": event.target_id,
        "deleted_at": event.created_at,
        "deleted_by": event.actor_name,
        "destroyed": {
            name: event.parameters.get(name, "") for name in ("data_keys", "wrapping_keys")
        },
        "left": _left(project_id),
    }


def _backup(event: "Event") -> dict[str, Any]:
    """Its own objects and what it kept of its index's; that one's objects too, where the index has
    gone and no other backup needs them. `index_remains`: what the index holds is there."""
    from audit.actions import Action
    from audit.models import Event
    from indexes.models import Index
    from kit.environment import environment
    from storage.database import connect
    from storage.objects import open_object_store
    from storage.pins import has_pins, pinning_backups

    backup_id, here = UUID(event.target_id), environment()
    made = Event.objects.using("system").filter(
        action=Action.BACKUP_CREATED, target_id=event.target_id
    )
    index_id = UUID(made[0].parameters["index_id"])
    remains = Index.objects.using("system").filter(pk=index_id).exists()
    with connect(here.database_system_url.get_secret_value(), name="evidence") as connection:
        pins = int(backup_id in pinning_backups(connection))
        is_shared = remains or has_pins(connection, index_id)
    prefixes = [f"backups/{backup_id}", *([] if is_shared else [f"indexes/{index_id}/"])]
    store = open_object_store(here.object_store_url)
    left = {"objects": sum(1 for prefix in prefixes for _ in store.list(prefix)), "pins": pins}
    return {
        "kind": "backup",
        "id": str(backup_id),
        "organization_id": str(event.organization_id),
        "deleted_at": event.created_at,
        "deleted_by": event.actor_name,
        "reason": event.parameters.get("reason", ""),
        "index_id": str(index_id),
        "index_remains": remains,
        "left": left,
        "projects": [],
        "is_complete": not any(left.values()),
    }


def _left(project_id: UUID) -> dict[str, int]:
    """Keys that could open anything of the project; and sealed objects and rows of its indexes,
    which nothing opens, and which workers clear away."""
    from audit.models import Event
    from kit.environment import environment
    from orgs.secrets import installation_keyring
    from projects.models import DataKey
    from storage.database import connect
    from storage.objects import open_object_store

    here = environment()
    events = Event.objects.using("system").filter(project_id=project_id)
    named = events.filter(target_type="index").exclude(target_id="")
    indexes = {UUID(one) for one in named.values_list("target_id", flat=True)}
    backups = events.filter(target_type="backup").exclude(target_id="")
    store = open_object_store(here.object_store_url)
    prefixes = [f"indexes/{one}/" for one in indexes]
    prefixes += [f"backups/{one}" for one in set(backups.values_list("target_id", flat=True))]
    with connect(here.database_system_url.get_secret_value(), name="evidence") as connection:
        query = "SELECT count(*) FROM log_batch WHERE index_id = ANY(%s)"
        ((batches,),) = connection.execute(query, [list(indexes)]).fetchall()
    return {
        "wrapping_keys": len(installation_keyring().key_versions(project_id)),
        "data_keys": DataKey.objects.using("system").filter(project_id=project_id).count(),
        "objects": sum(1 for prefix in prefixes for _ in store.list(prefix)),
        "log_rows": int(batches),
    }
