"""A receipt of a deletion: which keys were destroyed, when, and that nothing is left under them."""

from typing import TYPE_CHECKING, Any
from uuid import UUID

from kit.errors import FailedPrecondition, NotFound

if TYPE_CHECKING:
    from audit.models import Event


def deletion_receipt(reference: UUID) -> dict[str, Any]:
    """Of a deleted project, or of a deleted organization with all its projects, as it is now.

    Raises `NotFound` where the audit log knows of no such deletion, and `FailedPrecondition` while
    a key waits for its destruction. What is counted is what is left: see `is_complete`.
    """
    projects = _deletions("project", target_id=str(reference))
    organization = _deletions("organization", organization_id=reference)
    if organization:
        projects = _deletions("project", organization_id=reference)
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

    acts = {"project": Action.PROJECT_DELETED, "organization": Action.ORGANIZATION_DELETED}
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
