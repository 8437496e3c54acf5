"""An index's first page: its state and size, a quick query, and how code reaches it."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST
from django_htmx.http import HttpResponseClientRedirect, HttpResponseClientRefresh

from access.permissions import Permission
from audit.actions import Action
from console.forms.records import QueryForm
from console.index_page import (
    Node,
    about,
    by_size,
    index_to_change,
    index_url,
    indexes_crumb,
    is_settling,
    render_tab,
)
from console.record_table import columns_of, rows_of
from console.render import is_fragment_wanted
from console.sample_records import SAMPLE_NAMESPACE, sample_records
from console.snippets import snippets
from console.visit import Visit, project_page
from indexes.queries import get_index
from indexes.records import Page, list_records, record_count, upsert_records
from kit.errors import NotFound
from protocol.from_reply import Namespaces

_SHOWN = 6


@require_GET
@project_page
def detail(visit: Visit, name: str) -> HttpResponse:
    return detail_page(visit, name)


def detail_page(visit: Visit, name: str) -> HttpResponse:
    """While the index settles, its head asks again for itself."""
    try:
        index = get_index(visit.actor, visit.here, name)
    except NotFound:
        if not is_fragment_wanted(visit):
            raise
        return HttpResponseClientRedirect(indexes_crumb(visit).url)
    if is_fragment_wanted(visit):
        if not is_settling(index):
            return HttpResponseClientRefresh()
        return render(visit.request, "indexes/_head.html", {"visit": visit, **about(index)})
    return _overview(Node(visit, index))


@require_POST
@project_page
def add_sample(visit: Visit, name: str) -> HttpResponse:
    """A few hundred records to try the index with, in a namespace of their own."""
    action = Action.NAMESPACE_RECORDS_UPSERTED
    index = index_to_change(visit, name, Permission.DATA_WRITE, action)
    for batch in sample_records(index):
        upsert_records(visit.actor, index, SAMPLE_NAMESPACE, batch)
    messages.success(visit.request, f"Sample records added to the namespace {SAMPLE_NAMESPACE}")
    return redirect(index_url(visit, name))


def _overview(node: Node) -> HttpResponse:
    visit, index = node.visit, node.index
    namespaces = node.namespaces()
    shared = about(index)
    languages = {name: shared[name] for name in ("host", "address")}
    context: dict[str, Any] = {
        "namespaces": namespaces,
        "snippets": snippets("use_index", dimension=index.dimension, **languages),
        "imports": snippets("import_file", ("curl",), address=shared["address"]),
        "sample_namespace": SAMPLE_NAMESPACE,
    }
    if visit.may["data_read"].is_allowed:
        context |= _content(node, namespaces)
    return render_tab(node, "index", "indexes/overview.html", context)


def _content(node: Node, namespaces: Namespaces) -> dict[str, Any]:
    """What the index holds, with a question that can be asked at once."""
    visit, index, known = node.visit, node.index, namespaces.namespaces
    records = sum(one.record_count for one in known)
    if namespaces.pagination.next:
        records = node.read(lambda: record_count(visit.actor, index), records)
    largest = by_size(known)[:1]
    page = Page([])
    if largest:
        where = largest[0].name
        page = node.read(lambda: list_records(visit.actor, index, where, most=_SHOWN), page)
    first = page.records[0].id if page.records else ""
    form = QueryForm(index=index, namespaces=known, initial={"id": first, "top_k": 5})
    columns = columns_of(page.records)
    return {
        "records": records,
        "stored_bytes": sum(one.size_bytes for one in known),
        "is_partial": bool(namespaces.pagination.next),
        "is_empty": not records and not node.trouble,
        "form": form,
        "columns": columns,
        "rows": rows_of(page.records, columns),
        "preview_namespace": largest[0].name if largest else "",
    }
