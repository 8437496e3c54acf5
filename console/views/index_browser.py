"""An index's records: page by page, one in a drawer, its metadata edited, several deleted."""

import json
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse, QueryDict
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_http_methods

from access.permissions import Permission
from audit.actions import Action
from console.forms.records import BrowseForm, MetadataForm
from console.index_page import (
    Node,
    about,
    index_crumbs,
    index_to_change,
    index_url,
    readable_index,
    render_tab,
)
from console.paging import further
from console.record_table import columns_of, rows_of
from console.render import go, is_fragment_wanted, render_sheet
from console.views.index_query import fields_of
from console.visit import Visit, project_page
from indexes.models import Index
from indexes.records import (
    Page,
    delete_records,
    fetch_records,
    find_records,
    list_records,
    set_metadata,
)
from kit.errors import NotFound, StonepineError
from protocol.from_reply import Record

_MOST_AT_ONCE = 1_000


@require_GET
@project_page
def browse(visit: Visit, name: str) -> HttpResponse:
    node = Node(visit, readable_index(visit, name))
    namespaces = node.namespaces()
    asked = visit.request.GET or None
    form = BrowseForm(asked, index=node.index, namespaces=namespaces.namespaces)
    page = _page(node, form)
    columns = columns_of(page.records)
    context = {
        "namespaces": namespaces,
        "form": form,
        "where": _where(form),
        "fields": fields_of(namespaces.namespaces),
        "columns": columns,
        "rows": rows_of(page.records, columns),
        "next": further(visit.request, "token", page.next or None),
    }
    if is_fragment_wanted(visit):
        context |= {"visit": visit, "may": visit.may, **about(node.index)}
        return render(visit.request, "indexes/_records.html", context)
    return render_tab(node, "index_browse", "indexes/browse.html", context)


@require_http_methods(["GET", "POST"])
@project_page
def record(visit: Visit, name: str) -> HttpResponse:
    """One record, with its metadata to edit for whoever may."""
    if visit.request.method == "POST":
        return _edit(visit, name)
    index = readable_index(visit, name)
    found = _record(visit, index)
    return _drawer(visit, index, found, MetadataForm(initial={"metadata": _pretty(found)}))


@require_http_methods(["GET", "POST"])
@project_page
def delete(visit: Visit, name: str) -> HttpResponse:
    """Asks first: what was chosen is sent twice, the second time by who is sure. Ids are customers'
    data and stand in no address."""
    action = Action.NAMESPACE_RECORDS_DELETED
    index = index_to_change(visit, name, Permission.DATA_WRITE, action)
    asked = visit.request.POST
    ids, namespace = asked.getlist("ids")[:_MOST_AT_ONCE], asked.get("namespace", "")
    refused = "" if ids else "Choose the records to delete first."
    if asked.get("is_sure") == "1" and ids:
        try:
            delete_records(visit.actor, index, namespace, ids)
            count = f"{len(ids)} record{'' if len(ids) == 1 else 's'} deleted"
            return go(visit, _browser_url(visit, name, namespace), saying=count)
        except StonepineError as error:
            refused = error.message
    context = {"index": index, "ids": ids, "namespace": namespace, "refused": refused}
    return render_sheet(
        visit, "indexes/_delete_records.html", context, title="Delete records",
        trail=index_crumbs(visit, index), is_invalid=bool(refused) and visit.posted is not None,
    )  # fmt: skip


def _edit(visit: Visit, name: str) -> HttpResponse:
    action = Action.NAMESPACE_RECORDS_UPDATED
    index = index_to_change(visit, name, Permission.DATA_WRITE, action)
    form = MetadataForm(visit.request.POST)
    namespace, record_id = _named(visit.request.GET)
    if form.is_valid():
        try:
            metadata = form.cleaned_data["metadata"]
            set_metadata(visit.actor, index, namespace, record_id=record_id, metadata=metadata)
            url = _browser_url(visit, name, namespace)
            return go(visit, url, saying=f"Metadata of {record_id[:80]} saved")
        except StonepineError as error:
            form.refuse(error)
    return _drawer(visit, index, Record(record_id), form)


def _drawer(visit: Visit, index: Index, found: Record, form: MetadataForm) -> HttpResponse:
    namespace, record_id = _named(visit.request.GET)
    context = {
        "index": index,
        "record": found,
        "metadata": _pretty(found),
        "values": json.dumps(found.values),
        "namespace": namespace,
        "place": urlencode({"namespace": namespace, "id": record_id}),
        "form": form,
        "dialog_class": "drawer",
    }
    return render_sheet(
        visit, "indexes/_record.html", context,
        title=record_id[:80] or "Record", trail=index_crumbs(visit, index),
        is_invalid=bool(form.errors),
    )  # fmt: skip


def _page(node: Node, form: BrowseForm) -> Page:
    """The page that the form asks for; nothing where the form is wrong."""
    visit, index = node.visit, node.index
    if not form.is_bound:
        where = str(form.initial.get("namespace", "__default__"))
        return node.read(lambda: list_records(visit.actor, index, where), Page([]))
    if not form.is_valid():
        return Page([])
    asked = form.cleaned_data
    where, token = asked["namespace"], asked["token"]

    def read() -> Page:
        if asked["filter"]:
            condition = asked["filter"]
            return find_records(visit.actor, index, where, condition=condition, token=token)
        return list_records(visit.actor, index, where, prefix=asked["begins"], token=token)

    try:
        return node.read(read, Page([]))
    except StonepineError as error:
        form.refuse(error)
        return Page([])


def _where(form: BrowseForm) -> str:
    """The namespace whose records the page shows."""
    return str(form["namespace"].value() or "__default__")


def _record(visit: Visit, index: Index) -> Record:
    namespace, record_id = _named(visit.request.GET)
    found = fetch_records(visit.actor, index, namespace, [record_id]) if record_id else []
    if not found:
        raise NotFound("There is no such record; it may have been deleted meanwhile.")
    return found[0]


def _named(query: QueryDict) -> tuple[str, str]:
    return query.get("namespace", ""), query.get("id", "")


def _pretty(found: Record) -> str:
    held: dict[str, Any] = found.metadata or {}
    return json.dumps(held, indent=2, ensure_ascii=False)


def _browser_url(visit: Visit, name: str, namespace: str) -> str:
    return f"{index_url(visit, name, 'index_browse')}?{urlencode({'namespace': namespace})}"
