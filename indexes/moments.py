"""Restoring an index to a second: another one is made of what it was then."""

from datetime import datetime
from typing import Any

from access.actor import Actor
from access.decide import require
from access.permissions import Permission
from audit.actions import Action
from audit.record import record
from indexes.backup_models import RestoreJob, RestoreStatus
from indexes.backups import locked_live
from indexes.lifecycle import new_index
from indexes.models import Index
from indexes.restores import new_job
from indexes.specification import with_capacity
from indexes.turns import in_turn
from kit import clock
from kit.errors import FailedPrecondition, InvalidArgument
from orgs.plans import Feature
from orgs.retention import restore_window
from orgs.verbs import verb
from projects.models import Project
from projects.projects import locked_project


@in_turn(4)
@verb(Action.INDEX_RESTORED)
def create_index_from_moment(
    actor: Actor,
    index: Index,
    *,
    restore_to: datetime,
    name: str,
    tags: dict[str, str] | None = None,
    is_protected: bool = False,
    read_capacity: dict[str, Any] | None = None,
) -> RestoreJob:
    """Wish for an index like this one, with the records that it had at `restore_to`.

    What was acknowledged until then is in it, what was acknowledged later is not. The index itself
    is neither locked nor slowed; it cannot be deleted before. Tags that are given replace its own.
    """
    require(actor, Permission.INDEX_CREATE, index.project.scope)
    project = locked_project(index.project_id)
    source = locked_live(project, index)
    project.organization.require_feature(Feature.BACKUPS)
    _require_in_window(project, source, restore_to)
    made = new_index(
        project,
        name=name,
        spec=with_capacity(source.spec, read_capacity),
        dimension=source.dimension,
        metric=source.metric,
        vector_type=source.vector_type,
        schema=source.schema,
        tags=source.tags if tags is None else tags,
        is_protected=is_protected,
    )
    moment = restore_to.isoformat()
    target = source.audit_target()
    record(actor, Action.INDEX_RESTORED, target=target, index_id=str(made.pk), restore_to=moment)
    return new_job(actor, made, source_index_id=source.pk, restored_to=restore_to)


def earliest_moment(project: Project, index: Index) -> datetime:
    """The first second that the index can be restored to now."""
    organization = project.organization
    begun = max(index.created_at, clock.now() - restore_window(organization))
    if organization.restorable_from is not None:
        begun = max(begun, organization.restorable_from)
    # Of a restored index there is no past before it was complete.
    jobs = RestoreJob.objects.filter(target_index_id=index.pk, status=RestoreStatus.COMPLETED)
    filled = jobs.values_list("finished_at", flat=True).first()
    return max(begun, filled) if filled is not None else begun


def _require_in_window(project: Project, index: Index, restore_to: datetime) -> None:
    if restore_to.tzinfo is None:
        raise InvalidArgument("restore_to needs a time zone, such as Z.", field="restore_to")
    earliest, latest = earliest_moment(project, index), clock.now()
    if restore_to > latest:
        raise InvalidArgument("restore_to lies in the future.", field="restore_to")
    if restore_to < earliest:
        raise FailedPrecondition(
            f"This index can be restored to any second since {earliest:%Y-%m-%dT%H:%M:%SZ}, "
            "not before."
        )
