"""What the pages of one index share: finding it, its head with tabs, a node that may be down."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from django.http import HttpResponse
from django.urls import reverse

from access.decide import require
from access.permissions import Permission
from audit.actions import Action
from console.navigation import Crumb, Tab, project_url
from console.render import render_page
from console.visit import Visit
from indexes.addresses import host_of
from indexes.models import Index, IndexState
from indexes.namespaces import list_namespaces
from indexes.queries import get_index
from indexes.specification import is_paused
from kit.errors import Unavailable
from orgs.verbs import denials_recorded
from protocol.from_reply import Namespace, Namespaces

T = TypeVar("T")
_NOTHING = Namespaces([], 0)
_TABS = (
    ("Overview", "index", Permission.INDEX_READ),
    ("Browser", "index_browse", Permission.DATA_READ),
    ("Query", "index_query", Permission.DATA_READ),
    ("Map", "index_map", Permission.DATA_READ),
    ("Namespaces", "index_namespaces", Permission.DATA_READ),
    ("Metrics", "index_metrics", Permission.INDEX_READ),
    ("Imports", "index_imports", Permission.DATA_READ),
    ("Backups", "index_backups", Permission.INDEX_READ),
    ("Configuration", "index_config", Permission.INDEX_READ),
    ("Danger zone", "index_danger", Permission.INDEX_READ),
)


@dataclass(slots=True)
class Node:
    """The index's node as a page reads it: where it does not answer, the page stands without."""

    visit: Visit
    index: Index
    trouble: str = ""

    def read(self, question: Callable[[], T], otherwise: T) -> T:
        """The answer; `otherwise` where the node is down, now or at the question before."""
        if self.trouble:
            return otherwise
        if not self.index.is_ready:
            self.trouble = "Records can be seen as soon as the index is ready."
            return otherwise
        if is_paused(self.index.spec):
            self.trouble = "The index is paused: its read capacity has 0 replicas."
            return otherwise
        try:
            return question()
        except Unavailable as error:
            self.trouble = error.message
            return otherwise

    def namespaces(self) -> Namespaces:
        """The first hundred; none for whoever may not read records."""
        if not self.visit.may["data_read"].is_allowed:
            return _NOTHING
        return self.read(lambda: list_namespaces(self.visit.actor, self.index), _NOTHING)


def readable_index(visit: Visit, name: str) -> Index:
    """For pages that show records: index and records must both be open to the person."""
    index = get_index(visit.actor, visit.here, name)
    require(visit.actor, Permission.DATA_READ, index.scope)
    return index


def index_to_change(visit: Visit, name: str, permission: Permission, action: Action) -> Index:
    """For acts: whoever is denied after sending one leaves its event, as with `guard`."""
    if visit.request.method != "POST":
        return _allowed(visit, name, permission)
    with denials_recorded(visit.actor, action, visit.here, name=name):
        return _allowed(visit, name, permission)


def render_tab(
    node: Node, page: str, template: str, context: dict[str, Any], *, status: int = 200
) -> HttpResponse:
    """One of the index's pages, under its head."""
    visit, index = node.visit, node.index
    namespaces = context.get("namespaces") or node.namespaces()
    shared = {
        **about(index),
        "namespaces": namespaces,
        "tabs": _tabs(visit, index, page, namespaces.total_count or None),
        "trouble": node.trouble,
    }
    trail = (indexes_crumb(visit), Crumb(index.name))
    return render_page(visit, template, {**shared, **context}, trail=trail, status=status)


def about(index: Index) -> dict[str, Any]:
    host = host_of(index)
    (capacity,) = index.spec
    return {
        "index": index,
        "host": host,
        "address": host if "://" in host else f"https://{host}",
        "capacity": capacity,
        "tags": sorted(index.tags.items()),
        "is_index_settling": is_settling(index),
    }


def is_settling(index: Index) -> bool:
    return index.state not in {IndexState.READY, IndexState.INITIALIZATION_FAILED}


def indexes_crumb(visit: Visit) -> Crumb:
    return Crumb("Indexes", project_url(visit.organization, visit.here, "indexes"))


def index_crumbs(visit: Visit, index: Index) -> tuple[Crumb, ...]:
    return indexes_crumb(visit), Crumb(index.name, index_url(visit, index.name))


def index_url(visit: Visit, name: str, page: str = "index") -> str:
    return reverse(f"console:{page}", args=[visit.organization.slug, visit.here.slug, name])


def by_size(found: list[Namespace]) -> list[Namespace]:
    return sorted(found, key=lambda one: (-one.record_count, one.name))


def _allowed(visit: Visit, name: str, permission: Permission) -> Index:
    index = get_index(visit.actor, visit.here, name)
    require(visit.actor, permission, index.scope)
    return index


def _tabs(visit: Visit, index: Index, page: str, namespaces: int | None) -> list[Tab]:
    return [
        Tab(
            label,
            index_url(visit, index.name, name),
            name == page,
            namespaces if name == "index_namespaces" else None,
        )
        for label, name, permission in _TABS
        if visit.may[permission.name.lower()].is_allowed
    ]
