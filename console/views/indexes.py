"""Indexes: the list, creating, one index, its protection, deleting."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_htmx.http import HttpResponseClientRedirect

from access.permissions import Permission
from audit.actions import Action
from console.forms.indexes import DeleteForm, IndexForm
from console.navigation import Crumb, project_url
from console.presets import MODELS
from console.render import (
    go,
    is_fragment_wanted,
    render_page,
    render_page_or_fragment,
    render_sheet,
)
from console.snippets import snippets
from console.visit import Visit, guard, project_page
from indexes.addresses import host_of
from indexes.lifecycle import configure_index, create_index, delete_index
from indexes.models import Index, IndexState
from indexes.queries import get_index, visible_indexes
from kit.errors import NotFound, StonepineError

# Every place is this installation; clients insist on one of the cloud's.
_SPEC = {"serverless": {"cloud": "aws", "region": "us-east-1"}}


@dataclass(frozen=True, slots=True)
class IndexRow:
    """An index with the address that clients dial."""

    index: Index
    host: str


@require_GET
@project_page
def listing(visit: Visit) -> HttpResponse:
    rows = [IndexRow(one, host_of(one)) for one in visible_indexes(visit.actor, visit.here)]
    context = {"indexes": rows, "is_settling": any(_is_settling(row.index) for row in rows)}
    return render_page_or_fragment(
        visit, "indexes/list.html", "rows", context, trail=(Crumb("Indexes"),)
    )


@require_http_methods(["GET", "POST"])
@project_page
def new(visit: Visit) -> HttpResponse:
    guard(visit, Permission.INDEX_CREATE, Action.INDEX_CREATED)
    form = IndexForm(visit.request.POST or None)
    if form.is_valid():
        try:
            index = create_index(visit.actor, visit.here, spec=_SPEC, **form.cleaned_data)
            return go(visit, _url(visit, index.name), saying="Index created")
        except StonepineError as error:
            form.refuse(error)
    context = {"form": form, "models": MODELS, "call": snippets("create_index", **form.wish)}
    trail = (_trail(visit), Crumb("Create index"))
    return render_page(visit, "indexes/new.html", context, trail=trail)


@require_GET
@project_page
def new_or_named(visit: Visit) -> HttpResponse:
    """`/indexes/new`: the form, unless an index is called so; the form has a way of its own."""
    if any(index.name == "new" for index in visible_indexes(visit.actor, visit.here)):
        return _detail_page(visit, "new")
    return redirect(project_url(visit.organization, visit.here, "index_new"))


@require_GET
@project_page
def call(visit: Visit) -> HttpResponse:
    """The equivalent call to what stands in the form, while it is filled in."""
    found = snippets("create_index", **IndexForm(visit.request.GET).wish)
    context = {"snippets": found, "group": "call", "label": "Create index"}
    return render(visit.request, "components/code.html", context)


@require_GET
@project_page
def detail(visit: Visit, name: str) -> HttpResponse:
    return _detail_page(visit, name)


def _detail_page(visit: Visit, name: str) -> HttpResponse:
    """One index; while it settles, its head asks again for itself."""
    try:
        index = get_index(visit.actor, visit.here, name)
    except NotFound:
        if not is_fragment_wanted(visit):
            raise
        return HttpResponseClientRedirect(_trail(visit).url)
    trail = (_trail(visit), Crumb(index.name))
    return render_page_or_fragment(
        visit, "indexes/detail.html", "state", _about(index), trail=trail
    )


@require_POST
@project_page
def protect(visit: Visit, name: str) -> HttpResponse:
    guard(visit, Permission.INDEX_UPDATE, Action.INDEX_CONFIGURED, name=name)
    index = get_index(visit.actor, visit.here, name)
    is_protected = visit.request.POST.get("is_protected") == "on"
    configure_index(visit.actor, index, is_protected=is_protected)
    messages.success(visit.request, f"Deletion protection is {'on' if is_protected else 'off'}")
    return redirect(_url(visit, name))


@require_http_methods(["GET", "POST"])
@project_page
def delete(visit: Visit, name: str) -> HttpResponse:
    guard(visit, Permission.INDEX_DELETE, Action.INDEX_DELETED, name=name)
    index = get_index(visit.actor, visit.here, name)
    form = DeleteForm(visit.request.POST or None, name=index.name)
    if form.is_valid():
        try:
            delete_index(visit.actor, index)
            return go(visit, _trail(visit).url, saying=f"Index {index.name} deleted")
        except StonepineError as error:
            form.refuse(error)
    trail = (_trail(visit), Crumb(index.name, _url(visit, index.name)))
    return render_sheet(
        visit, "indexes/_delete.html", {"index": index, "form": form},
        title=f"Delete {index.name}", trail=trail, is_invalid=bool(form.errors),
    )  # fmt: skip


def _about(index: Index) -> dict[str, Any]:
    host = host_of(index)
    address = host if "://" in host else f"https://{host}"
    (capacity,) = index.spec
    return {
        "index": index,
        "host": host,
        "capacity": capacity,
        "tags": sorted(index.tags.items()),
        "is_settling": _is_settling(index),
        "snippets": snippets("use_index", host=host, address=address, dimension=index.dimension),
    }


def _is_settling(index: Index) -> bool:
    return index.state not in {IndexState.READY, IndexState.INITIALIZATION_FAILED}


def _trail(visit: Visit) -> Crumb:
    return Crumb("Indexes", project_url(visit.organization, visit.here, "indexes"))


def _url(visit: Visit, name: str) -> str:
    return reverse("console:index", args=[visit.organization.slug, visit.here.slug, name])
