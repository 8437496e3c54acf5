"""An index's bulk imports: how far each is, starting one, stopping one."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from access.permissions import Permission
from audit.actions import Action
from console.forms.imports import ImportForm
from console.index_page import (
    Node,
    about,
    index_crumbs,
    index_to_change,
    index_url,
    readable_index,
    render_tab,
)
from console.navigation import Crumb
from console.render import go, is_fragment_wanted, render_fragment, render_sheet
from console.snippets import Snippet, snippets
from console.visit import Visit, project_page
from indexes.imports import cancel_import, errors_of, get_import, start_import, visible_imports
from indexes.integrations import visible_storage_integrations
from indexes.models import Import, Index
from storage.imports import UNFINISHED

_PAGE = "index_imports"
_EXAMPLE = "s3://your-bucket/records"


@dataclass(frozen=True, slots=True)
class ImportRow:
    one: Import
    error: str

    @property
    def is_unfinished(self) -> bool:
        return self.one.status in UNFINISHED

    @property
    def percent(self) -> int:
        return int(self.one.percent_complete)


@require_GET
@project_page
def listing(visit: Visit, name: str) -> HttpResponse:
    """While one is under way, the rows ask again for themselves."""
    index = readable_index(visit, name)
    found = visible_imports(visit.actor, index)
    errors = errors_of(index, found)
    rows = [ImportRow(one, errors.get(one.pk, "")) for one in found]
    context = {"rows": rows, "is_under_way": any(row.is_unfinished for row in rows)}
    if is_fragment_wanted(visit):
        return render_fragment(visit, "imports/list.html#rows", context | {"index": index})
    return render_tab(Node(visit, index), _PAGE, "imports/list.html", context)


@require_http_methods(["GET", "POST"])
@project_page
def new(visit: Visit, name: str) -> HttpResponse:
    index = index_to_change(visit, name, Permission.DATA_WRITE, Action.IMPORT_STARTED)
    integrations = visible_storage_integrations(visit.actor, visit.here)
    form = ImportForm(visit.posted, integrations=integrations)
    if form.carries_out(lambda: start_import(visit.actor, index, **form.cleaned_data)):
        return go(visit, index_url(visit, name, _PAGE), saying="The import is started")
    trail = (*index_crumbs(visit, index), Crumb("Imports", index_url(visit, name, _PAGE)))
    return render_sheet(
        visit, "imports/_new.html",
        {"index": index, "form": form, "snippets": _calls(visit, index, form)},
        title="Start import", trail=trail, is_invalid=bool(form.errors),
    )  # fmt: skip


@require_POST
@project_page
def cancel(visit: Visit, name: str, import_id: UUID) -> HttpResponse:
    index = index_to_change(visit, name, Permission.DATA_WRITE, Action.IMPORT_CANCELLED)
    cancel_import(visit.actor, get_import(visit.actor, index, str(import_id)))
    messages.success(visit.request, "The import is cancelled; what has come stays")
    return redirect(index_url(visit, name, _PAGE))


def _calls(visit: Visit, index: Index, form: ImportForm) -> list[Snippet]:
    """With what was typed, once the form was sent."""
    typed: dict[str, Any] = {
        "uri": form["uri"].value() or _EXAMPLE,
        "on_error": form["on_error"].value() or "continue",
        "integration": form["integration"].value() or "",
    }
    return snippets(
        "import_start", ("Python", "TypeScript", "curl", "Shell"),
        visit=visit, index=index, **{name: about(index)[name] for name in ("host", "address")},
        **typed,
    )  # fmt: skip
