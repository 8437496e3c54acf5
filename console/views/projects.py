"""The list of projects, creating one, and its overview with the quickstart."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.views.decorators.http import require_GET, require_http_methods

from access.permissions import Permission
from audit.actions import Action
from console.forms.projects import ProjectForm
from console.navigation import Crumb, project_url
from console.render import (
    go,
    is_fragment_wanted,
    render_fragment,
    render_page,
    render_sheet,
)
from console.snippets import exports, snippets
from console.visit import Visit, guard, organization_page, project_page
from indexes.queries import index_counts, visible_indexes
from kit.errors import StonepineError
from projects.models import Project
from projects.projects import create_project
from projects.queries import api_keys, visible_projects


@dataclass(frozen=True, slots=True)
class ProjectCard:
    """`indexes` is None where the viewer's role does not show them."""

    project: Project
    indexes: int | None


def cards_of(visit: Visit) -> list[ProjectCard]:
    """The projects that the viewer sees, by name."""
    found = visible_projects(visit.actor, visit.organization)
    counts = index_counts(visit.actor, found)
    return [ProjectCard(one, counts.get(one.pk)) for one in found]


@require_GET
@organization_page
def listing(visit: Visit) -> HttpResponse:
    context = {"cards": cards_of(visit)}
    return render_page(visit, "projects/list.html", context, trail=(Crumb("Projects"),))


@require_http_methods(["GET", "POST"])
@organization_page
def new(visit: Visit) -> HttpResponse:
    guard(visit, Permission.PROJECT_CREATE, Action.PROJECT_CREATED)
    form = ProjectForm(visit.request.POST or None)
    if form.is_valid():
        try:
            project = create_project(visit.actor, visit.organization, **form.cleaned_data)
            url = project_url(visit.organization, project)
            return go(visit, url, saying="Project created")
        except StonepineError as error:
            form.refuse(error)
    context = {"form": form}
    return render_sheet(
        visit, "projects/_new.html", context, title="Create project", is_invalid=bool(form.errors)
    )


@require_GET
@project_page
def overview(visit: Visit) -> HttpResponse:
    """Until a key of the project was used, the quickstart asks whether one is by now."""
    if is_fragment_wanted(visit):
        return render_fragment(visit, "projects/overview.html#first_call", _key_numbers(visit))
    context = {
        **_index_numbers(visit),
        **_key_numbers(visit),
        "exports": exports("pcsk_…"),
        "quickstart": snippets("quickstart"),
    }
    return render_page(visit, "projects/overview.html", context)


def _index_numbers(visit: Visit) -> dict[str, Any]:
    """Only what the viewer may see: None hides the part."""
    if not visit.may["index_read"].is_allowed:
        return {"indexes": None}
    found = visible_indexes(visit.actor, visit.here)
    ready = sum(index.is_ready for index in found)
    return {"indexes": found, "ready": ready, "ready_unit": f"of {len(found)}"}


def _key_numbers(visit: Visit) -> dict[str, Any]:
    if not visit.may["api_key_read"].is_allowed:
        return {"keys": None}
    found = api_keys(visit.actor, visit.here)
    used = [one.last_used_at for one in found if one.last_used_at is not None]
    return {"keys": found, "called_at": max(used, default=None)}
