"""The machines that host indexes."""

from indexes.models import Node


def register_node(name: str) -> Node:
    """Make the node known. Idempotent; an act of the system, outside any tenant."""
    node, _ = Node.objects.using("system").get_or_create(name=name)
    return node
