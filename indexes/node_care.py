"""What operators do with nodes: empty one, let it take indexes again, even out, remove."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now

from access.actor import Actor
from audit.actions import Action
from audit.record import Target, record_refusal, record_unbound
from indexes.deployment.relocation import even_out
from indexes.models import Node
from kit.errors import FailedPrecondition, NotFound
from orgs.account_verbs import require_operator

MOST_MOVES = 100
_CROWD = Target("node", "", "all nodes", None, "")


def drain_node(actor: Actor, name: str) -> None:
    """Take no more indexes, and have workers move what it has to others, some at a time."""
    with _act(actor, Action.NODE_DRAINED, name) as node:
        if (
            not _nodes()
            .exclude(pk=node.pk)
            .filter(is_draining=False, lease_ends_at__gte=Now())
            .exists()
        ):
            raise FailedPrecondition(f"There is no other node that could take what {name} has.")
        _set_draining(actor, Action.NODE_DRAINED, node, is_draining=True)


def admit_node(actor: Actor, name: str) -> None:
    """Take back that it is drained: what it still has stays, and others may come."""
    with _act(actor, Action.NODE_ADMITTED, name) as node:
        _set_draining(actor, Action.NODE_ADMITTED, node, is_draining=False)


def remove_node(actor: Actor, name: str) -> None:
    """Forget one that runs no more and has no indexes left."""
    with _act(actor, Action.NODE_REMOVED, name) as node:
        if node.deployments.using("system").exists():
            raise FailedPrecondition(f"{name} still has indexes: drain it first.")
        if _nodes().filter(pk=node.pk, lease_ends_at__gte=Now()).exists():
            raise FailedPrecondition(f"{name} is running: stop it first.")
        target = node.audit_target()
        node.delete(using="system")
        record_unbound(actor, Action.NODE_REMOVED, target=target)


def rebalance_nodes(actor: Actor, *, most: int = MOST_MOVES) -> int:
    """Move indexes from the fullest nodes to the emptiest; how many."""
    try:
        require_operator(actor)
        # Before the moves: they are made one batch at a time.
        with transaction.atomic(using="system"):
            record_unbound(actor, Action.NODE_REBALANCED, target=_CROWD, most=most)
        return len(even_out(most=most))
    except Exception as error:
        record_refusal(actor, Action.NODE_REBALANCED, target=_CROWD, error=error)
        raise


def _set_draining(actor: Actor, action: Action, node: Node, *, is_draining: bool) -> None:
    if node.is_draining is is_draining:
        return
    node.is_draining = is_draining
    node.save(using="system", update_fields=["is_draining"])
    record_unbound(actor, action, target=node.audit_target())


@contextmanager
def _act(actor: Actor, action: Action, name: str) -> Iterator[Node]:
    """The node, locked, in the act's transaction; a refusal leaves its event apart."""
    target = Target("node", "", name, None, "")
    try:
        with transaction.atomic(using="system"):
            require_operator(actor)
            yield _locked(name)
    except Exception as error:
        record_refusal(actor, action, target=target, error=error)
        raise


def _locked(name: str) -> Node:
    node = _nodes().select_for_update().filter(name=name).first()
    if node is None:
        raise NotFound(f"There is no node {name}.")
    return node


def _nodes() -> "QuerySet[Node]":
    return Node.objects.using("system").all()
