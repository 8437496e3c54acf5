"""Choosing the node that serves an index."""

from django.db.models import Count, F

from indexes.models import Deployment, Index, Node
from indexes.nodes import register_node
from kit.environment import environment
from kit.errors import ResourceExhausted


def place(index: Index) -> Deployment:
    """Give the index to the node that has the most room. Placed twice is placed once."""
    placed, _ = Deployment.objects.using("system").get_or_create(
        index=index,
        defaults={"organization_id": index.organization_id, "node": _roomiest_node()},
    )
    return placed


def _roomiest_node() -> Node:
    nodes = Node.objects.using("system").annotate(load=Count("deployments"))
    if not nodes.exists():
        return register_node(environment().node_name)
    node = nodes.filter(load__lt=F("capacity")).order_by("load", "name").first()
    if node is None:
        raise ResourceExhausted("Every node is full: add one, or raise a node's capacity.")
    return node
