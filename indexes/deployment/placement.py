"""Choosing the node that serves an index, and its engine there."""

from collections import Counter
from collections.abc import Sequence

from django.db import transaction
from django.db.models import Count, F

from indexes.models import Deployment, Index, Node
from indexes.nodes import register_node
from kit.environment import environment
from kit.errors import ResourceExhausted
from orgs.dataplane import announce_change


def place(index: Index) -> Deployment:
    """Give the index to the node that has the most room. Placed twice is placed once."""
    placed = Deployment.objects.using("system").filter(index=index).first()
    if placed is not None:
        return placed
    with transaction.atomic(using="system"):
        node = _locked(_roomiest_node())
        placed, _ = Deployment.objects.using("system").get_or_create(
            index=index,
            defaults={
                "organization_id": index.organization_id,
                "node": node,
                "engines": chosen_engines([], loads=_loads(node)),
            },
        )
        announce_change(using="system")
    return placed


def place_again(node: Node) -> None:
    """Find new engines for indexes whose engines the node no longer has. Crosses tenants."""
    with transaction.atomic(using="system"):
        node = _locked(node)
        loads = _loads(node)
        for placed in Deployment.objects.using("system").filter(node=node).order_by("pk"):
            engines = chosen_engines(placed.engines, loads=loads)
            if engines != placed.engines:
                placed.engines = engines
                placed.save(using="system", update_fields=["engines"])
                loads[engines[0]] += 1
        announce_change(using="system")


def chosen_engines(current: Sequence[int], *, loads: Sequence[int]) -> list[int]:
    """The engine that serves an index, out of as many as there are `loads`. It stays where it is
    while there is one of that number."""
    there = range(len(loads))
    kept = [number for number in current if number in there]
    return kept[:1] or [min(there, key=lambda number: (loads[number], number))]


def _loads(node: Node) -> list[int]:
    """How many indexes each engine of the node serves."""
    rows = Deployment.objects.using("system").filter(node=node).values_list("engines", flat=True)
    counts = Counter(number for engines in rows for number in engines)
    return [counts[number] for number in range(node.engines)]


def _locked(node: Node) -> Node:
    """Placements on one node are decided one after the other."""
    return Node.objects.using("system").select_for_update().filter(pk=node.pk)[0]


def _roomiest_node() -> Node:
    nodes = Node.objects.using("system").annotate(load=Count("deployments"))
    if not nodes.exists():
        return register_node(environment().node_name, engines=environment().engine_count)
    node = nodes.filter(load__lt=F("capacity")).order_by("load", "name").first()
    if node is None:
        raise ResourceExhausted("Every node is full: add one, or raise a node's capacity.")
    return node
