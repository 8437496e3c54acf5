"""Namespaces of an index: how much is in each, creating one, emptying and deleting one."""

from collections.abc import Callable

from django.http import HttpResponse
from django.views.decorators.http import require_GET, require_http_methods

from access.permissions import Permission
from audit.actions import Action
from console.confirm import freshly_confirmed
from console.forms.indexes import DeleteForm
from console.forms.records import NamespaceForm
from console.index_page import (
    Node,
    by_size,
    index_crumbs,
    index_to_change,
    index_url,
    readable_index,
    render_tab,
)
from console.paging import further
from console.render import go, render_sheet
from console.visit import Visit, project_page
from indexes.models import Index
from indexes.namespaces import (
    create_namespace,
    delete_namespace,
    empty_namespace,
    get_namespace,
    list_namespaces,
)
from kit.errors import StonepineError
from protocol.from_reply import Namespace, Namespaces


@require_GET
@project_page
def listing(visit: Visit, name: str) -> HttpResponse:
    node = Node(visit, readable_index(visit, name))
    asked = visit.request.GET
    prefix, token = asked.get("prefix", ""), asked.get("token", "")
    found = node.read(
        lambda: list_namespaces(visit.actor, node.index, prefix=prefix, token=token),
        Namespaces([], 0),
    )
    context = {
        "rows": by_size(found.namespaces),
        "most": max((one.record_count for one in found.namespaces), default=0),
        "prefix": prefix,
        "is_narrowed": bool(prefix or token),
        "next": further(visit.request, "token", found.pagination.next or None),
    }
    if not context["is_narrowed"]:
        context["namespaces"] = found
    return render_tab(node, "index_namespaces", "indexes/namespaces.html", context)


@require_http_methods(["GET", "POST"])
@project_page
def new(visit: Visit, name: str) -> HttpResponse:
    index = index_to_change(visit, name, Permission.DATA_WRITE, Action.NAMESPACE_CREATED)
    form = NamespaceForm(visit.posted)
    if form.is_valid():
        try:
            made, fields = form.cleaned_data["name"], form.cleaned_data["fields_to_filter"]
            create_namespace(visit.actor, index, name=made, fields=fields)
            return go(visit, _url(visit, name), saying="Namespace created")
        except StonepineError as error:
            form.refuse(error)
    return render_sheet(
        visit, "indexes/_namespace_new.html", {"index": index, "form": form},
        title="Create namespace", trail=index_crumbs(visit, index), is_invalid=bool(form.errors),
    )  # fmt: skip


@require_http_methods(["GET", "POST"])
@project_page
@freshly_confirmed
def delete(visit: Visit, name: str) -> HttpResponse:
    action = Action.NAMESPACE_DELETED
    index = index_to_change(visit, name, Permission.DATA_WRITE, action)
    return _lose(visit, index, delete_namespace, is_emptied=False)


@require_http_methods(["GET", "POST"])
@project_page
@freshly_confirmed
def empty(visit: Visit, name: str) -> HttpResponse:
    """All its records go; the namespace stays."""
    action = Action.NAMESPACE_EMPTIED
    index = index_to_change(visit, name, Permission.DATA_WRITE, action)
    return _lose(visit, index, empty_namespace, is_emptied=True)


def _lose(
    visit: Visit, index: Index, act: Callable[..., None], *, is_emptied: bool
) -> HttpResponse:
    """What cannot be undone is done by the namespace's name, typed again."""
    namespace = visit.request.GET.get("namespace", "")
    form = DeleteForm(visit.posted, name=namespace or "__default__")
    if form.is_valid():
        try:
            act(visit.actor, index, name=namespace or "__default__")
            done = "emptied" if is_emptied else "deleted"
            return go(visit, _url(visit, index.name), saying=f"Namespace {done}")
        except StonepineError as error:
            form.refuse(error)
    context = {
        "index": index,
        "form": form,
        "found": _found(visit, index, namespace or "__default__"),
        "is_emptied": is_emptied,
    }
    title = "Delete all records" if is_emptied else "Delete namespace"
    return render_sheet(
        visit, "indexes/_namespace_lose.html", context,
        title=title, trail=index_crumbs(visit, index), is_invalid=bool(form.errors),
    )  # fmt: skip


def _found(visit: Visit, index: Index, namespace: str) -> Namespace | None:
    """What would be lost; None while the node cannot tell."""

    def read() -> Namespace | None:
        return get_namespace(visit.actor, index, namespace)

    return Node(visit, index).read(read, None)


def _url(visit: Visit, name: str) -> str:
    return index_url(visit, name, "index_namespaces")
