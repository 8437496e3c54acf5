"""What operators do with nodes: empty them, let them take indexes again, even out, remove."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now

from access.actor import Actor
from audit.actions import Action
from audit.record import Target, record_refusal, record_unbound
from indexes.deployment.relocation import even_out
from indexes.models import Node
from kit.errors import FailedPrecondition, InvalidArgument, NotFound
from orgs.account_verbs import require_operator

MOST_MOVES = 100
_CROWD = Target("node", "", "all nodes", None, "")


def drain_node(actor: Actor, name: str) -> None:
    """Take no more indexes, and have workers move what it has to others, some at a time."""
    with _act(actor, Action.NODE_DRAINED, name):
        _drain(actor, [_locked(name)], called=name)


def drain_zone(actor: Actor, zone: str) -> list[str]:
    """The same of all nodes that are lost together; their names."""
    with _act(actor, Action.NODE_DRAINED, _called(zone)):
        nodes = _locked_of(zone)
        _drain(actor, nodes, called=_called(zone))
    return [node.name for node in nodes]


def admit_node(actor: Actor, name: str) -> None:
    """Take back that it is drained: what it still has stays, and others may come."""
    with _act(actor, Action.NODE_ADMITTED, name):
        _set_draining(actor, Action.NODE_ADMITTED, _locked(name), is_draining=False)


def admit_zone(actor: Actor, zone: str) -> list[str]:
    """The same of all nodes of a zone; their names."""
    with _act(actor, Action.NODE_ADMITTED, _called(zone)):
        nodes = _locked_of(zone)
        for node in nodes:
            _set_draining(actor, Action.NODE_ADMITTED, node, is_draining=False)
    return [node.name for node in nodes]


def remove_node(actor: Actor, name: str) -> None:
    """Forget one that runs no more and has no indexes left."""
    with _act(actor, Action.NODE_REMOVED, name):
        node = _locked(name)
        if node.deployments.using("system").exists():
            raise FailedPrecondition(f"{name} still has indexes: drain it first.")
        if _nodes().filter(pk=node.pk, lease_ends_at__gte=Now()).exists():
            raise FailedPrecondition(f"{name} is running: stop it first.")
        target = node.audit_target()
        node.delete(using="system")
        record_unbound(actor, Action.NODE_REMOVED, target=target)


def rebalance_nodes(actor: Actor, *, most: int = MOST_MOVES) -> int:
    """Move indexes over the zones, and from the fullest nodes to the emptiest; how many."""
    try:
        require_operator(actor)
        # Before the moves: they are made one batch at a time.
        with transaction.atomic(using="system"):
            record_unbound(actor, Action.NODE_REBALANCED, target=_CROWD, most=most)
        return len(even_out(most=most))
    except Exception as error:
        record_refusal(actor, Action.NODE_REBALANCED, target=_CROWD, error=error)
        raise


def _drain(actor: Actor, nodes: Sequence[Node], *, called: str) -> None:
    others = _nodes().exclude(pk__in=[node.pk for node in nodes])
    if not others.filter(is_draining=False, lease_ends_at__gte=Now()).exists():
        raise FailedPrecondition(f"There is no other node that could take what {called} has.")
    for node in nodes:
        _set_draining(actor, Action.NODE_DRAINED, node, is_draining=True)


def _set_draining(actor: Actor, action: Action, node: Node, *, is_draining: bool) -> None:
    if node.is_draining is is_draining:
        return
    node.is_draining = is_draining
    node.save(using="system", update_fields=["is_draining"])
    record_unbound(actor, action, target=node.audit_target())


@contextmanager
def _act(actor: Actor, action: Action, name: str) -> Iterator[None]:
    """The act's transaction; a refusal leaves its event apart."""
    target = Target("node", "", name, None, "")
    try:
        with transaction.atomic(using="system"):
            require_operator(actor)
            yield
    except Exception as error:
        record_refusal(actor, action, target=target, error=error)
        raise


def _locked(name: str) -> Node:
    node = _nodes().select_for_update().filter(name=name).first()
    if node is None:
        raise NotFound(f"There is no node {name}.")
    return node


def _locked_of(zone: str) -> list[Node]:
    if not zone:
        raise InvalidArgument("Nodes without a zone are named one by one.", field="zone")
    nodes = list(_nodes().select_for_update().filter(zone=zone).order_by("name"))
    if not nodes:
        raise NotFound(f"There is no node in zone {zone}.")
    return nodes


def _called(zone: str) -> str:
    return f"zone {zone}"


def _nodes() -> "QuerySet[Node]":
    return Node.objects.using("system").all()
