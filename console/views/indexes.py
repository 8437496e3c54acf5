"""Indexes: the list, and creating one."""

from dataclasses import dataclass

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from access.permissions import Permission
from audit.actions import Action
from console.forms.indexes import IndexForm
from console.index_page import index_url, indexes_crumb, is_settling
from console.navigation import Crumb, project_url
from console.presets import MODELS
from console.render import go, render_page, render_page_or_fragment
from console.snippets import snippets
from console.views.index_overview import detail_page
from console.visit import Visit, guard, project_page
from indexes.addresses import host_of
from indexes.lifecycle import create_index
from indexes.models import Index
from indexes.queries import visible_indexes
from kit.errors import StonepineError

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
    context = {"indexes": rows, "is_settling": any(is_settling(row.index) for row in rows)}
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
            return go(visit, index_url(visit, index.name), saying="Index created")
        except StonepineError as error:
            form.refuse(error)
    context = {"form": form, "models": MODELS, "call": snippets("create_index", **form.wish)}
    trail = (indexes_crumb(visit), Crumb("Create index"))
    return render_page(visit, "indexes/new.html", context, trail=trail)


@require_GET
@project_page
def new_or_named(visit: Visit) -> HttpResponse:
    """`/indexes/new`: the form, unless an index is called so; the form has a way of its own."""
    if any(index.name == "new" for index in visible_indexes(visit.actor, visit.here)):
        return detail_page(visit, "new")
    return redirect(project_url(visit.organization, visit.here, "index_new"))


@require_GET
@project_page
def call(visit: Visit) -> HttpResponse:
    """The equivalent call to what stands in the form, while it is filled in."""
    found = snippets("create_index", **IndexForm(visit.request.GET).wish)
    context = {"snippets": found, "group": "call", "label": "Create index"}
    return render(visit.request, "components/code.html", context)
