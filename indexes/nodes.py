"""The machines that host indexes."""

from indexes.models import Node


def register_node(name: str, *, engines: int) -> Node:
    """Make the node known, with its number of engines. Idempotent; an act of the system, outside
    any tenant."""
    node, _ = Node.objects.using("system").update_or_create(
        name=name, defaults={"engines": engines}
    )
    return node
