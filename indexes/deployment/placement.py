"""Choosing the node that serves an index, and its engines there."""

from collections import Counter
from collections.abc import Sequence
from uuid import UUID

from django.db import transaction

from indexes.deployment.balance import Need, roomiest
from indexes.deployment.crowd import candidates
from indexes.models import Deployment, Index, Node
from indexes.nodes import register_node
from indexes.specification import engines_wanted
from kit.environment import environment
from kit.errors import ResourceExhausted, Unavailable
from orgs.dataplane import announce_change


def place(index: Index) -> Deployment:
    """Give the index to the node that has the most room, and to as many of its engines as it is
    wished to have. Placed twice is placed once."""
    rows = Deployment.objects.using("system").select_related("node")
    with transaction.atomic(using="system"):
        placed = rows.filter(index=index).first()
        if placed is None:
            node = _roomiest_node(index)
            placed = Deployment(
                index=index, organization_id=index.organization_id, node=node, engines=[]
            )
        node = locked(placed.node_id)
        copies = engines_wanted(index.spec)
        engines = chosen_engines(placed.engines, copies=copies, loads=loads_of(node))
        if engines != placed.engines:
            placed.engines = engines
            placed.save(using="system")
            announce_change(using="system")
    return placed


def is_placed(index: Index) -> bool:
    """Whether as many engines serve the index as it is wished to have, or all there are."""
    placed = Deployment.objects.using("system").select_related("node").filter(index=index).first()
    if placed is None:
        return False
    return len(placed.engines) == min(engines_wanted(index.spec), placed.node.engines)


def place_again(node: Node) -> None:
    """Bring indexes in line with the engines that the node has now. Crosses tenants."""
    rows = Deployment.objects.using("system").select_related("index")
    with transaction.atomic(using="system"):
        node = locked(node.pk)
        loads = loads_of(node)
        for placed in rows.filter(node=node).order_by("pk"):
            copies = engines_wanted(placed.index.spec)
            engines = chosen_engines(placed.engines, copies=copies, loads=loads)
            if engines != placed.engines:
                for number in set(engines) - set(placed.engines):
                    loads[number] += 1
                placed.engines = engines
                placed.save(using="system", update_fields=["engines"])
        announce_change(using="system")


def chosen_engines(current: Sequence[int], *, copies: int, loads: Sequence[int]) -> list[int]:
    """The engines that serve an index, its writer first, out of as many as there are `loads`.

    Who serves it already goes on; others come in by how little they have to do.
    """
    there = range(len(loads))
    kept = [number for number in current if number in there][:copies]
    others = sorted(set(there) - set(kept), key=lambda number: (loads[number], number))
    return kept + others[: copies - len(kept)]


def loads_of(node: Node) -> list[int]:
    """How many indexes each engine of the node serves."""
    rows = Deployment.objects.using("system").filter(node=node).values_list("engines", flat=True)
    counts = Counter(number for engines in rows for number in engines)
    return [counts[number] for number in range(node.engines)]


def locked(node_id: UUID) -> Node:
    """Placements on one node are decided one after the other."""
    return Node.objects.using("system").select_for_update().filter(pk=node_id)[0]


def _roomiest_node(index: Index) -> Node:
    found = candidates()
    if not found:
        if Node.objects.using("system").exists():
            raise Unavailable("No index node is there to take the index.", retry_after_s=5)
        return register_node(environment().node_name, engines=environment().engine_count)
    engines = engines_wanted(index.spec)
    chosen = roomiest(found, Need(organization_id=index.organization_id, engines=engines))
    if chosen is None:
        raise ResourceExhausted("Every node is full: add one, or raise a node's capacity.")
    return locked(chosen.node_id)
