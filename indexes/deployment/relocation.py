"""Moving indexes from one node to another: off lost ones and those that are emptied, to where there
are engines enough, to even out.

Nothing of an index is copied: whoever is named by its deployment opens it from log and objects. The
node before answers nobody once it has heard of the move, or once its lease is over; only then does
the next one begin (`dataplane_index.is_released`), so no reader sees the past.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from itertools import islice
from uuid import UUID

import structlog
from django.db import connections, transaction
from django.db.models.functions import Now

from indexes.deployment.balance import assigned, roomiest
from indexes.deployment.crowd import (
    candidates,
    lost_nodes,
    needs_of,
    nodes_with_indexes,
    note_overdue,
)
from indexes.deployment.moves import rebalanced
from indexes.deployment.placement import chosen_engines, loads_of, locked, place_again
from indexes.locks import Lock
from indexes.models import Deployment, Node
from indexes.specification import engines_wanted
from kit.environment import environment
from orgs.dataplane import announce_change
from storage.database import alone

# So many at once: nodes look at all they hold after every change.
_BATCH = 50
# Of a node that lives, in one pass: each is away for a moment.
_AT_ONCE = 5
_SHORT_OF_ENGINES = """
    SELECT DISTINCT n.id FROM indexes_deployment d JOIN indexes_node n ON n.id = d.node_id
    WHERE n.engines <= ANY (d.engines)
"""
_log = structlog.get_logger(__name__)


def keep_up_nodes() -> int:
    """Move what lost nodes had, some of what draining ones have, and some of what wants more
    engines than its node has; how many indexes. Crosses tenants. One worker at a time; done twice
    is done once."""
    url = environment().database_system_url.get_secret_value()
    with alone(url, Lock.KEEPING_UP_NODES, name="nodes") as connection:
        if connection is None:
            return 0
        note_overdue()
        _follow_engine_counts()
        moved = 0
        for node in nodes_with_indexes(lost_nodes()):
            moved += _clear(node, most=None)
        draining = Node.objects.using("system").filter(is_draining=True, lease_ends_at__gte=Now())
        for node in nodes_with_indexes(draining).order_by("name"):
            moved += _clear(node, most=_AT_ONCE)
        return moved + _seek_engines()


def even_out(*, most: int) -> dict[UUID, UUID]:
    """Spread indexes over zones, and from the fullest nodes to the emptiest; index to node. Crosses
    tenants."""
    crowd = candidates()
    rows = Deployment.objects.using("system").filter(node__in=[one.node_id for one in crowd])
    placed = dict(_settled(rows))
    needs = {one: (placed[one], need) for one, need in needs_of(placed).items()}
    wanted = rebalanced(crowd, needs, most=most)
    for source in sorted({placed[one] for one in wanted}):
        move({one: target for one, target in wanted.items() if placed[one] == source}, source)
    return wanted


def move(targets: Mapping[UUID, UUID], source: UUID) -> int:
    """Let nodes (by index) serve what that node serves now; how many were moved. Whatever was
    moved by somebody else meanwhile stays where it is."""
    by_target = defaultdict[UUID, list[UUID]](list)
    for index_id, node_id in targets.items():
        by_target[node_id].append(index_id)
    moved = 0
    for node_id, index_ids in by_target.items():
        remaining = iter(sorted(index_ids))
        while batch := list(islice(remaining, _BATCH)):
            moved += _move_batch(batch, source, node_id)
    return moved


def _clear(node: Node, *, most: int | None) -> int:
    crowd = [one for one in candidates() if one.node_id != node.pk]
    if not crowd:
        return 0
    rows = Deployment.objects.using("system").filter(node=node)
    held = [one for one, _ in _settled(rows)] if most is not None else _index_ids(rows)
    found = assigned(needs_of(held[:most]), crowd)
    moved = move(found, node.pk)
    _log.warning(
        "node.cleared", is_lost=most is None, node=node.name, moved=moved, left=len(held) - moved
    )
    return moved


def _seek_engines() -> int:
    """Move some of what wants more engines than its node has to where there are as many."""
    crowd = candidates()
    largest = max((one.engines for one in crowd), default=0)
    small = [one.node_id for one in crowd if one.engines < largest]
    rows = Deployment.objects.using("system").select_related("index", "node")
    short = [
        one for one in rows.filter(node__in=small)
        if one.node.engines < engines_wanted(one.index.spec) <= largest
    ]  # fmt: skip
    moved = 0
    places = dict(_settled(short)[:_AT_ONCE])
    for index_id, need in needs_of(places).items():
        target = roomiest(crowd, need)
        # Else there is none that has both, and it stays.
        if target is not None and target.has_engines(need) and target.fits(need):
            moved += move({index_id: target.node_id}, places[index_id])
            crowd[crowd.index(target)] = target.with_one_more(need)
    return moved


def _settled(rows: Iterable[Deployment]) -> list[tuple[UUID, UUID]]:
    """(index, node) of those whose last move is over: no node that lives is asked for two at a
    time."""
    rows = list(rows)
    versions = dict(Node.objects.using("system").values_list("pk", "heard_version"))
    return [
        (one.index_id, one.node_id)
        for one in sorted(rows, key=lambda one: one.index_id)
        if all(versions.get(former, one.moved_version) >= one.moved_version
               for former in one.former_nodes if former != one.node_id)
    ]  # fmt: skip


def _index_ids(rows: Iterable[Deployment]) -> list[UUID]:
    return sorted(one.index_id for one in rows)


def _move_batch(index_ids: list[UUID], source: UUID, target: UUID) -> int:
    with transaction.atomic(using="system"):
        node = locked(target)
        rows = Deployment.objects.using("system").select_related("index").select_for_update(
            of=("self",)
        )  # fmt: skip
        placed = list(rows.filter(index_id__in=index_ids, node_id=source).order_by("pk"))
        loads = loads_of(node)
        version = announce_change(using="system")
        for one in placed:
            # Who served it before the last move may not have let go of it yet.
            one.former_nodes = sorted({*one.former_nodes, source} - {target})
            one.node, one.moved_version = node, version
            one.engines = chosen_engines([], copies=engines_wanted(one.index.spec), loads=loads)
            for number in one.engines:
                loads[number] += 1
            one.save(using="system")
    _log.info("indexes.moved", node=node.name, count=len(placed))
    return len(placed)


def _follow_engine_counts() -> None:
    """A node that came back with fewer engines has indexes at some that are no more."""
    with connections["system"].cursor() as cursor:
        cursor.execute(_SHORT_OF_ENGINES)
        short = [node_id for (node_id,) in cursor.fetchall()]
    for node in Node.objects.using("system").filter(pk__in=short):
        place_again(node)
