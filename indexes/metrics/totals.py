"""Totals of all time and what is held now, for those who scrape: counters that never fall."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count, Sum

from access.actor import Actor
from indexes.metrics.models import Activity, Level
from indexes.models import Index
from indexes.queries import visible_indexes
from orgs.tenancy import tenant
from projects.models import Project
from storage.activity import EVERYTHING, Span


@dataclass(frozen=True, slots=True)
class IndexTotals:
    """`level` is None while the index was never measured."""

    index: Index
    activities: list[Activity]
    level: Level | None


@dataclass(frozen=True, slots=True)
class NodeTotals:
    """Over all organizations; `activities` also of indexes that were deleted."""

    activities: list[Activity]
    records: int
    size_bytes: int
    indexes_by_state: dict[str, int]


def index_totals(actor: Actor, project: Project) -> list[IndexTotals]:
    """Of the indexes that the actor may read, by name."""
    indexes = visible_indexes(actor, project)
    with tenant(project.organization_id):
        of = {
            "organization_id": project.organization_id,
            "index_id__in": [index.pk for index in indexes],
            "span_s": Span.EVER,
        }
        activities = list(Activity.objects.filter(**of).order_by("operation"))
        levels = {level.index_id: level for level in Level.objects.filter(**of)}
    return [
        IndexTotals(index, _of_index(activities, index), levels.get(index.pk)) for index in indexes
    ]


def node_totals() -> NodeTotals:
    """For the operator. Crosses tenants."""
    rows = Activity.objects.using("system").filter(
        organization_id=EVERYTHING, index_id=EVERYTHING, span_s=Span.EVER
    )
    levels = Level.objects.using("system").filter(span_s=Span.EVER)
    held = levels.aggregate(records=Sum("records"), size_bytes=Sum("size_bytes"))
    states = Index.objects.using("system").order_by().values_list("state").annotate(Count("pk"))
    return NodeTotals(
        list(rows.order_by("operation")),
        int(held["records"] or 0),
        int(held["size_bytes"] or 0),
        dict(states),
    )


def _of_index(activities: Sequence[Activity], index: Index) -> list[Activity]:
    return [activity for activity in activities if activity.index_id == index.pk]
