"""A project's own settings: its name, and its end."""

from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from access.permissions import Permission
from audit.actions import Action
from console.confirm import freshly_confirmed
from console.forms.indexes import DeleteForm
from console.forms.projects import ProjectForm
from console.navigation import Crumb, project_url
from console.render import go, render_page, render_sheet
from console.visit import Visit, guard, project_page
from kit.errors import StonepineError
from projects.projects import delete_project, update_project
from projects.queries import contents_of

_TITLE = "Settings"


@require_GET
@project_page
def overview(visit: Visit) -> HttpResponse:
    context = {"holds": contents_of(visit.actor, visit.here)}
    return render_page(visit, "project_settings/overview.html", context, trail=(Crumb(_TITLE),))


@require_http_methods(["GET", "POST"])
@project_page
def rename(visit: Visit) -> HttpResponse:
    """How people read it; its address stays."""
    guard(visit, Permission.PROJECT_UPDATE, Action.PROJECT_UPDATED)
    form = ProjectForm(visit.posted, initial={"name": visit.here.name})
    form.fields["name"].help_text = ""
    if form.is_valid():
        try:
            update_project(visit.actor, visit.here, name=form.cleaned_data["name"])
            return go(visit, _here(visit), saying="Name saved")
        except StonepineError as error:
            form.refuse(error)
    return render_sheet(
        visit, "project_settings/_rename.html", {"form": form},
        title="Rename the project", trail=(_trail(visit),), is_invalid=bool(form.errors),
    )  # fmt: skip


@require_http_methods(["GET", "POST"])
@project_page
@freshly_confirmed
def delete(visit: Visit) -> HttpResponse:
    """Only without indexes and backups: what they hold is never lost by the way."""
    guard(visit, Permission.PROJECT_DELETE, Action.PROJECT_DELETED)
    form = DeleteForm(visit.posted, name=visit.here.slug)
    if form.is_valid():
        try:
            delete_project(visit.actor, visit.here)
            there = reverse("console:organization", args=[visit.organization.slug])
            return go(visit, there, saying=f"Project {visit.here.name} deleted")
        except StonepineError as error:
            form.refuse(error)
    context = {"form": form, "holds": contents_of(visit.actor, visit.here)}
    return render_sheet(
        visit, "project_settings/_delete.html", context,
        title=f"Delete {visit.here.name}", trail=(_trail(visit),), is_invalid=bool(form.errors),
    )  # fmt: skip


def _here(visit: Visit) -> str:
    return project_url(visit.organization, visit.here, "project_settings")


def _trail(visit: Visit) -> Crumb:
    return Crumb(_TITLE, _here(visit))
