"""The machines that host indexes."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from uuid import UUID

from django.db import connections
from django.db.models import Sum
from django.db.models.functions import Now

from access.actor import Actor
from indexes.metrics.models import Activity
from indexes.models import Deployment, Index, Node
from kit import clock
from orgs.account_verbs import require_operator
from storage.activity import EVERYTHING, Span

# By node and number of the engine.
Held = Mapping[tuple[UUID, int], Sequence[int]]
Rates = Mapping[tuple[UUID, int], float]
_RECENT = timedelta(minutes=5)
_BUSIEST = 10
# An index counts at the first of its engines, which writes.
_HELD = """
    SELECT d.node_id, d.engines[1], count(*), coalesce(sum(l.records), 0)::bigint,
           coalesce(sum(l.size_bytes), 0)::bigint
    FROM indexes_deployment d
    LEFT JOIN metrics_level l ON l.organization_id = d.organization_id
        AND l.index_id = d.index_id AND l.span_s = %(ever)s
    GROUP BY 1, 2
"""


@dataclass(frozen=True, slots=True)
class EngineLoad:
    """What one engine holds, and how many requests a second it had lately."""

    number: int
    indexes: int
    records: int
    size_bytes: int
    requests_per_s: float

    @property
    def process(self) -> str:
        """As the supervisor calls it."""
        return f"node-engine-{self.number}" if self.number else "node-engine"


class NodeState(StrEnum):
    """What is to be expected of a node; `UNHEARD` is one that was registered and never spoke."""

    LIVE = "live"
    DRAINING = "draining"
    LOST = "lost"
    UNHEARD = "unheard"


@dataclass(frozen=True, slots=True)
class NodeLoad:
    node: Node
    engines: list[EngineLoad]
    state: NodeState

    @property
    def indexes(self) -> int:
        return sum(engine.indexes for engine in self.engines)


@dataclass(frozen=True, slots=True)
class BusyIndex:
    index: Index
    requests_per_s: float


def register_node(name: str, *, engines: int) -> Node:
    """Make the node known, with its number of engines. Idempotent; an act of the system, outside
    any tenant."""
    node, _ = Node.objects.using("system").update_or_create(
        name=name, defaults={"engines": engines}
    )
    return node


def node_loads(actor: Actor) -> list[NodeLoad]:
    """Every node by name, with each of its engines. Crosses tenants."""
    require_operator(actor)
    with connections["system"].cursor() as cursor:
        cursor.execute(_HELD, {"ever": int(Span.EVER)})
        held = {(node_id, number): counts for node_id, number, *counts in cursor.fetchall()}
    rates = _rates_by_engine()
    nodes = Node.objects.using("system").order_by("name")
    live = set(nodes.filter(lease_ends_at__gte=Now()).values_list("pk", flat=True))
    return [
        NodeLoad(node, _engines(node, held, rates), _state(node, is_live=node.pk in live))
        for node in nodes
    ]


def busiest_indexes(actor: Actor) -> list[BusyIndex]:
    """Of the last minutes, the busiest first. Crosses tenants."""
    require_operator(actor)
    rates = sorted(rates_by_index().items(), key=lambda one: -one[1])[:_BUSIEST]
    rows = Index.objects.using("system").select_related("organization", "project")
    found = rows.in_bulk([index_id for index_id, _ in rates])
    return [BusyIndex(found[index_id], rate) for index_id, rate in rates if index_id in found]


def _state(node: Node, *, is_live: bool) -> NodeState:
    if node.heard_at is None:
        return NodeState.UNHEARD
    if not is_live:
        return NodeState.LOST
    return NodeState.DRAINING if node.is_draining else NodeState.LIVE


def _engines(node: Node, held: Held, rates: Rates) -> list[EngineLoad]:
    found = []
    for number in range(node.engines):
        indexes, records, size_bytes = held.get((node.pk, number), (0, 0, 0))
        rate = rates.get((node.pk, number), 0.0)
        found.append(EngineLoad(number, indexes, records, size_bytes, rate))
    return found


def _rates_by_engine() -> Rates:
    """Requests a second by node and engine."""
    by_index = rates_by_index()
    rows = Deployment.objects.using("system").filter(index_id__in=by_index)
    found: defaultdict[tuple[UUID, int], float] = defaultdict(float)
    for index_id, node_id, engines in rows.values_list("index_id", "node_id", "engines"):
        if engines:
            found[node_id, engines[0]] += by_index[index_id]
    return found


def rates_by_index() -> dict[UUID, float]:
    """Requests a second of the indexes that had any. Crosses tenants."""
    rows = Activity.objects.using("system").filter(
        span_s=Span.MINUTE, start__gt=clock.now() - _RECENT
    )
    sums = rows.exclude(index_id=EVERYTHING).order_by().values_list("index_id")
    seconds = _RECENT.total_seconds()
    return {
        index_id: requests / seconds
        for index_id, requests in sums.annotate(Sum("requests"))
        if requests
    }
