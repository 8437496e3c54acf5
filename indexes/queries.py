"""Reads of indexes."""

from django.db.models import QuerySet

from access.actor import Actor
from access.decide import require
from access.permissions import Permission
from indexes.models import Index, IndexState
from kit.errors import NotFound
from orgs.tenancy import tenant
from projects.models import Project


def live_indexes(project: Project) -> "QuerySet[Index]":
    """Those that were not deleted, as rows to narrow further; needs an open tenant."""
    rows = Index.objects.filter(project=project).exclude(state=IndexState.TERMINATING)
    return rows.select_related("project__organization", "deployment__node")


def visible_indexes(actor: Actor, project: Project) -> list[Index]:
    """The project's indexes by name. Deleted ones are gone at once, whatever is still cleared."""
    require(actor, Permission.INDEX_READ, project.scope)
    with tenant(project.organization_id):
        found = list(live_indexes(project).order_by("name"))
    return [index for index in found if actor.reach.has_index(index.pk)]


def get_index(actor: Actor, project: Project, name: str) -> Index:
    """By name, within one project: what lies elsewhere or beyond reach is not found."""
    require(actor, Permission.INDEX_READ, project.scope)
    with tenant(project.organization_id):
        index = live_indexes(project).filter(name=name).first()
    if index is None or not actor.reach.has_index(index.pk):
        raise NotFound(f"Resource {name[:80]} not found")
    return index


def state_of(index: Index) -> Index | None:
    """The row as it is now; None once it is gone."""
    with tenant(index.organization_id):
        rows = Index.objects.select_related("project__organization", "deployment__node")
        return rows.filter(pk=index.pk).first()
