"""The project's collections: the list, making one, making an index of one, deleting one."""

from django.http import HttpResponse
from django.views.decorators.http import require_GET, require_http_methods

from access.permissions import Permission
from audit.actions import Action
from console.forms.base import ConsoleForm
from console.forms.collections import CollectionForm, FromCollectionForm
from console.navigation import Crumb, project_url
from console.render import go, render_page_or_fragment, render_sheet
from console.snippets import snippets
from console.visit import Visit, guard, project_page
from indexes.backup_models import Backup, BackupStatus
from indexes.collection_queries import get_collection, visible_collections
from indexes.collections import (
    create_collection,
    create_index_from_collection,
    delete_collection,
)
from indexes.queries import get_index, visible_indexes
from kit.errors import StonepineError

_TITLE = "Collections"


@require_GET
@project_page
def listing(visit: Visit) -> HttpResponse:
    """While one is being made, the rows ask again for themselves."""
    found = visible_collections(visit.actor, visit.here)
    context = {
        "collections": found,
        "has_indexes": bool(visible_indexes(visit.actor, visit.here)),
        "is_settling": any(one.status == BackupStatus.INITIALIZING for one in found),
    }
    return render_page_or_fragment(
        visit, "collections/list.html", "rows", context, trail=(Crumb(_TITLE),)
    )


@require_http_methods(["GET", "POST"])
@project_page
def new(visit: Visit) -> HttpResponse:
    guard(visit, Permission.INDEX_UPDATE, Action.COLLECTION_CREATED)
    form = CollectionForm(visit.posted, indexes=visible_indexes(visit.actor, visit.here))
    if form.is_valid():
        try:
            index = get_index(visit.actor, visit.here, form.cleaned_data["source"])
            made = create_collection(visit.actor, index, name=form.cleaned_data["name"])
            return go(visit, _url(visit), saying=f"Collection {made} is being made")
        except StonepineError as error:
            form.refuse(error)
    call = snippets("collection", ("Python", "curl"))
    return render_sheet(
        visit, "collections/_new.html", {"form": form, "snippets": call},
        title="Create collection", trail=(_trail(visit),), is_invalid=bool(form.errors),
    )  # fmt: skip


@require_http_methods(["GET", "POST"])
@project_page
def make_index(visit: Visit, collection: str) -> HttpResponse:
    """An index with the collection's records, of the same kind as the one it came from."""
    guard(visit, Permission.INDEX_CREATE, Action.INDEX_CREATED, name=collection)
    found = get_collection(visit.actor, visit.here, collection)
    form = FromCollectionForm(visit.posted)
    if form.is_valid():
        try:
            index = create_index_from_collection(
                visit.actor, visit.here, source_collection=collection,
                name=form.cleaned_data["name"], spec=found.spec,
            )  # fmt: skip
            url = project_url(visit.organization, visit.here, "restore_jobs")
            return go(visit, url, saying=f"The index {index.name} is being made")
        except StonepineError as error:
            form.refuse(error)
    return _sheet(visit, "_index", found, form, title=f"Create an index from {found}")


@require_http_methods(["GET", "POST"])
@project_page
def delete(visit: Visit, collection: str) -> HttpResponse:
    guard(visit, Permission.INDEX_DELETE, Action.COLLECTION_DELETED, name=collection)
    found = get_collection(visit.actor, visit.here, collection)
    form = ConsoleForm(visit.posted)
    if form.carries_out(lambda: delete_collection(visit.actor, found)):
        return go(visit, _url(visit), saying=f"Collection {found} deleted")
    return _sheet(visit, "_delete", found, form, title=f"Delete {found}")


def _sheet(
    visit: Visit, name: str, found: Backup, form: ConsoleForm, *, title: str
) -> HttpResponse:
    return render_sheet(
        visit, f"collections/{name}.html", {"collection": found, "form": form},
        title=title, trail=(_trail(visit),), is_invalid=bool(form.errors),
    )  # fmt: skip


def _trail(visit: Visit) -> Crumb:
    return Crumb(_TITLE, _url(visit))


def _url(visit: Visit) -> str:
    return project_url(visit.organization, visit.here, "collections")
