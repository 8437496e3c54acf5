"""What may be changed of an index: tags, read capacity, protection; and how it is deleted."""

import json
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from access.permissions import Permission
from audit.actions import Action
from console.confirm import freshly_confirmed
from console.errors import form_status
from console.forms.indexes import CapacityForm, DeleteForm, PodsForm, TagForm, size_form
from console.index_page import (
    Node,
    about,
    by_size,
    index_crumbs,
    index_to_change,
    index_url,
    indexes_crumb,
    render_tab,
)
from console.render import go, render_sheet
from console.snippets import snippets
from console.visit import Visit, project_page
from indexes.lifecycle import configure_index, delete_index
from indexes.models import Index
from indexes.queries import get_index
from indexes.read_capacity import read_status
from kit.errors import StonepineError


@require_GET
@project_page
def configuration(visit: Visit, name: str) -> HttpResponse:
    return _config_page(visit, get_index(visit.actor, visit.here, name))


@require_POST
@project_page
def tag(visit: Visit, name: str) -> HttpResponse:
    """Set one tag; an empty value takes it away."""
    index = _to_configure(visit, name)
    form = TagForm(visit.request.POST)
    if form.is_valid():
        try:
            configure_index(visit.actor, index, tags=form.change)
            messages.success(visit.request, form.saying)
            return redirect(index_url(visit, name, "index_config"))
        except StonepineError as error:
            form.refuse(error)
            return _config_page(visit, index, tag_form=form, status=form_status(error))
    return _config_page(visit, index, tag_form=form, status=422)


@require_POST
@project_page
def capacity(visit: Visit, name: str) -> HttpResponse:
    """How many engines serve the index: its read capacity, or its pods."""
    index = _to_configure(visit, name)
    form = size_form(index, visit.request.POST)
    if not form.is_valid():
        return _config_page(visit, index, capacity_form=form, status=422)
    configure_index(visit.actor, index, **form.change)
    messages.success(visit.request, f"{_size_name(index)} changed")
    return redirect(index_url(visit, name, "index_config"))


@require_POST
@project_page
def protect(visit: Visit, name: str) -> HttpResponse:
    index = _to_configure(visit, name)
    is_protected = visit.request.POST.get("is_protected") == "on"
    configure_index(visit.actor, index, is_protected=is_protected)
    messages.success(visit.request, f"Deletion protection is {'on' if is_protected else 'off'}")
    return redirect(index_url(visit, name, "index_danger"))


@require_GET
@project_page
def danger(visit: Visit, name: str) -> HttpResponse:
    node = Node(visit, get_index(visit.actor, visit.here, name))
    found = node.namespaces()
    context = {"namespaces": found, "rows": by_size(found.namespaces)}
    return render_tab(node, "index_danger", "indexes/danger.html", context)


@require_http_methods(["GET", "POST"])
@project_page
@freshly_confirmed
def delete(visit: Visit, name: str) -> HttpResponse:
    index = index_to_change(visit, name, Permission.INDEX_DELETE, Action.INDEX_DELETED)
    form = DeleteForm(visit.posted, name=index.name)
    if form.is_valid():
        try:
            delete_index(visit.actor, index)
            return go(visit, indexes_crumb(visit).url, saying=f"Index {index.name} deleted")
        except StonepineError as error:
            form.refuse(error)
    found = Node(visit, index).namespaces()
    context = {
        "index": index,
        "form": form,
        "namespaces": found,
        "records": sum(one.record_count for one in found.namespaces),
    }
    return render_sheet(
        visit, "indexes/_delete.html", context, title=f"Delete {index.name}",
        trail=index_crumbs(visit, index), is_invalid=bool(form.errors),
    )  # fmt: skip


def _to_configure(visit: Visit, name: str) -> Index:
    return index_to_change(visit, name, Permission.INDEX_UPDATE, Action.INDEX_CONFIGURED)


def _config_page(
    visit: Visit,
    index: Index,
    *,
    tag_form: TagForm | None = None,
    capacity_form: CapacityForm | PodsForm | None = None,
    status: int = 200,
) -> HttpResponse:
    (part,) = index.spec.values()
    context: dict[str, Any] = {
        "place": [(key.replace("_", " ").capitalize(), part[key]) for key in _PLACE if key in part],
        "fields": sorted(index.schema or ()),
        "tag_form": tag_form or TagForm(),
        "capacity_form": capacity_form or size_form(index),
        "size_name": _size_name(index),
        "read_status": read_status(index),
        "is_pod": "pod" in index.spec,
        "call": snippets("configure_index", ("curl",), name=index.name, body=_body(index)),
        "host": about(index)["host"],
    }
    node = Node(visit, index)
    return render_tab(node, "index_config", "indexes/config.html", context, status=status)


_PLACE = ("cloud", "region", "environment", "pod_type", "replicas", "shards")


def _size_name(index: Index) -> str:
    return "Pods" if "pod" in index.spec else "Read capacity"


def _body(index: Index) -> str:
    """The body that would make the index what it is, for the equivalent call."""
    ((kind, part),) = index.spec.items()
    size = {"read_capacity": part.get("read_capacity") or {"mode": "OnDemand"}}
    if kind == "pod":
        size = {name: part[name] for name in ("replicas", "pod_type")}
    body = {
        "deletion_protection": "enabled" if index.is_protected else "disabled",
        "tags": index.tags,
        "spec": {kind: size},
    }
    return json.dumps(body, indent=2)
