"""Reads of indexes."""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from django.db.models import Count, QuerySet

from access.actor import Actor
from access.decide import decide, require
from access.explain import Place
from access.permissions import Permission
from access.reach import DEFAULT_NAMESPACE, canonical_namespace
from indexes.models import Index, IndexState
from kit.errors import NotFound
from orgs.tenancy import tenant
from projects.models import Project

_SHOWN_WITH = ("project__organization", "project__encryption_key", "deployment__node")


def live_indexes(project: Project) -> "QuerySet[Index]":
    """Those that were not deleted, as rows to narrow further; needs an open tenant."""
    rows = Index.objects.filter(project=project).exclude(state=IndexState.TERMINATING)
    return rows.select_related(*_SHOWN_WITH)


def visible_indexes(actor: Actor, project: Project) -> list[Index]:
    """The project's indexes by name. Deleted ones are gone at once, whatever is still cleared."""
    require(actor, Permission.INDEX_READ, project.scope)
    with tenant(project.organization_id):
        found = list(live_indexes(project).order_by("name"))
    return [index for index in found if actor.reach.has_index(index.pk)]


def index_counts(actor: Actor, projects: Sequence[Project]) -> dict[UUID, int]:
    """How many indexes each has, for projects of one organization; only where they may be read."""
    readable = _readable(actor, projects)
    if not readable:
        return {}
    with tenant(readable[0].organization_id):
        rows = Index.objects.filter(project__in=readable).exclude(state=IndexState.TERMINATING)
        counted = dict(rows.order_by().values_list("project_id").annotate(Count("pk")))
    return {one.pk: counted.get(one.pk, 0) for one in readable}


def find_indexes(
    actor: Actor, projects: Sequence[Project], *, text: str, limit: int
) -> list[Index]:
    """Those called so or nearly, over projects of one organization, where they may be read."""
    readable = _readable(actor, projects)
    if not readable:
        return []
    with tenant(readable[0].organization_id):
        rows = Index.objects.filter(project__in=readable, name__icontains=text)
        rows = rows.exclude(state=IndexState.TERMINATING).select_related("project__organization")
        found = list(rows.order_by("name", "id")[:limit])
    return [index for index in found if actor.reach.has_index(index.pk)]


def get_index(actor: Actor, project: Project, name: str) -> Index:
    """By name, within one project: what lies elsewhere or beyond reach is not found."""
    require(actor, Permission.INDEX_READ, project.scope)
    with tenant(project.organization_id):
        index = live_indexes(project).filter(name=name).first()
    if index is None or not actor.reach.has_index(index.pk):
        raise NotFound(f"Resource {name[:80]} not found")
    return index


def index_by_id(actor: Actor, index_id: UUID) -> Index:
    """An index of whatever organization, for the operator. Crosses tenants."""
    rows = Index.objects.using("system").exclude(state=IndexState.TERMINATING)
    organization_id = rows.filter(pk=index_id).values_list("organization_id", flat=True).first()
    if organization_id is None:
        raise NotFound(f"There is no index {index_id}.")
    with tenant(organization_id):
        rows = Index.objects.select_related(*_SHOWN_WITH)
        index = rows.filter(pk=index_id)[0]
    require(actor, Permission.INDEX_READ, index.scope)
    return index


def place_of(index: Index, namespace: str | None = None) -> Place:
    """The index, or a namespace of it, for the explanation of access."""
    scope = replace(index.scope, namespace=namespace)
    name = f"the index {index.name}"
    if namespace is not None:
        name = f"the namespace {canonical_namespace(namespace) or DEFAULT_NAMESPACE} of {name}"
    return Place(scope, name, is_pod="pod" in index.spec)


def state_of(index: Index) -> Index | None:
    """The row as it is now; None once it is gone."""
    with tenant(index.organization_id):
        rows = Index.objects.select_related(*_SHOWN_WITH)
        return rows.filter(pk=index.pk).first()


def _readable(actor: Actor, projects: Sequence[Project]) -> list[Project]:
    """Those whose indexes the actor may read."""
    return [one for one in projects if decide(actor, Permission.INDEX_READ, one.scope).is_allowed]
