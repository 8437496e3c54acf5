"""The nodes as they are now: who lives, who is lost, how much each has. Crosses tenants."""

from collections.abc import Iterable
from datetime import timedelta
from uuid import UUID

from django.db.models import Count, Q, QuerySet, Sum
from django.db.models.functions import Now

from indexes.deployment.balance import Candidate, Need
from indexes.metrics.models import Level
from indexes.models import Deployment, Node
from indexes.nodes import rates_by_index
from storage.activity import Span

# After the database was away every node is overdue until it is heard again; so long that takes.
_SECOND_CHANCE = timedelta(seconds=3)


def note_overdue() -> None:
    """Note who has just been missed. Whoever is heard again takes the note away itself."""
    rows = Node.objects.using("system").filter(overdue_since=None, lease_ends_at__lt=Now())
    rows.update(overdue_since=Now())


def lost_nodes() -> "QuerySet[Node]":
    """Those that answer nobody, and were missed for long enough to be given up."""
    missed = Q(overdue_since__lt=Now() - _SECOND_CHANCE, lease_ends_at__lt=Now())
    return Node.objects.using("system").filter(missed).order_by("name")


def candidates() -> list[Candidate]:
    """The nodes that may take indexes. One that never spoke is about to, where nobody else is."""
    rows = Node.objects.using("system").filter(is_draining=False).order_by("name")
    found = list(rows.filter(lease_ends_at__gte=Now())) or list(rows.filter(heard_at=None))
    deployments = Deployment.objects.using("system").filter(node__in=found)
    placed = dict(deployments.values_list("index_id", "node_id"))
    crowd = {one.pk: Candidate(one.pk, one.name, one.capacity, one.memory_bytes) for one in found}
    for index_id, need in needs_of(placed).items():
        node_id = placed[index_id]
        crowd[node_id] = crowd[node_id].with_one_more(need)
    return list(crowd.values())


def needs_of(index_ids: Iterable[UUID]) -> dict[UUID, Need]:
    """What each takes, as far as it was measured."""
    wanted = list(index_ids)
    levels = Level.objects.using("system").filter(span_s=Span.EVER, index_id__in=wanted)
    sizes = dict(levels.values_list("index_id").annotate(Sum("size_bytes")))
    rates = rates_by_index()
    return {one: Need(int(sizes.get(one) or 0), rates.get(one, 0.0)) for one in wanted}


def nodes_with_indexes(nodes: "QuerySet[Node]") -> "QuerySet[Node]":
    """Those of them that have any left."""
    return nodes.annotate(held=Count("deployments")).filter(held__gt=0)
