"""The nodes as they are now: who lives, who is lost, how much each has. Crosses tenants."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import timedelta
from uuid import UUID

from django.db.models import Count, Q, QuerySet, Sum
from django.db.models.functions import Now

from indexes.deployment.balance import Candidate, Need
from indexes.metrics.models import Level
from indexes.models import Deployment, Index, Node
from indexes.nodes import rates_by_index
from indexes.specification import engines_wanted
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
    held = defaultdict[UUID, list[Need]](list)
    for index_id, need in needs_of(placed).items():
        held[placed[index_id]].append(need)
    return [_with_all(one, held[one.pk]) for one in found]


def needs_of(index_ids: Iterable[UUID]) -> dict[UUID, Need]:
    """What each takes, as far as it was measured. One that is gone takes nothing."""
    rows = Index.objects.using("system").filter(pk__in=list(index_ids))
    wanted = {pk: told for pk, *told in rows.values_list("pk", "organization_id", "spec")}
    levels = Level.objects.using("system").filter(span_s=Span.EVER, index_id__in=wanted)
    sizes = dict(levels.values_list("index_id").annotate(Sum("size_bytes")))
    rates = rates_by_index()
    return {
        one: Need(
            int(sizes.get(one) or 0), rates.get(one, 0.0), organization_id, engines_wanted(spec)
        )
        for one, (organization_id, spec) in wanted.items()
    }


def _with_all(node: Node, needs: Sequence[Need]) -> Candidate:
    return Candidate(
        node.pk, node.name, node.capacity, node.memory_bytes, node.zone, node.engines,
        indexes=len(needs),
        held_bytes=sum(need.size_bytes for need in needs),
        requests_per_s=sum(need.requests_per_s for need in needs),
        by_organization=Counter(need.organization_id for need in needs),
    )  # fmt: skip


def nodes_with_indexes(nodes: "QuerySet[Node]") -> "QuerySet[Node]":
    """Those of them that have any left."""
    return nodes.annotate(held=Count("deployments")).filter(held__gt=0)
