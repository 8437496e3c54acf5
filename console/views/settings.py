"""An organization's own settings: its name, leaving it, and its end."""

from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from access.permissions import Permission
from audit.actions import Action
from console.confirm import freshly_confirmed
from console.forms.indexes import DeleteForm
from console.forms.organizations import OrganizationForm
from console.navigation import Crumb
from console.render import go, render_page, render_sheet
from console.visit import Visit, guard, organization_page
from kit.errors import StonepineError
from orgs.departures import leave_organization
from orgs.kept import RULES
from orgs.organizations import delete_organization, rename_organization
from orgs.retention import kept_days
from orgs.support import support_accesses
from projects.queries import visible_projects

_TITLE = "Settings"


@require_GET
@organization_page
def overview(visit: Visit) -> HttpResponse:
    context = {
        "projects": visible_projects(visit.actor, visit.organization),
        "accesses": support_accesses(visit.actor, visit.organization),
        "retention": [
            (rule.title, kept_days(visit.organization, kept)) for kept, rule in RULES.items()
        ],
    }
    return render_page(visit, "settings/overview.html", context, trail=(Crumb(_TITLE),))


@require_http_methods(["GET", "POST"])
@organization_page
def rename(visit: Visit) -> HttpResponse:
    """How people read it; its address stays."""
    guard(visit, Permission.ORGANIZATION_UPDATE, Action.ORGANIZATION_RENAMED)
    form = OrganizationForm(visit.posted, initial={"name": visit.organization.name})
    if form.is_valid():
        try:
            rename_organization(visit.actor, visit.organization, name=form.cleaned_data["name"])
            return go(visit, _here(visit), saying="Name saved")
        except StonepineError as error:
            form.refuse(error)
    return render_sheet(
        visit, "settings/_rename.html", {"form": form},
        title="Rename the organization", trail=(_trail(visit),), is_invalid=bool(form.errors),
    )  # fmt: skip


@require_http_methods(["GET", "POST"])
@organization_page
@freshly_confirmed
def leave(visit: Visit) -> HttpResponse:
    """Everybody may, for themselves; but for the last owner."""
    form = DeleteForm(visit.posted, name=visit.organization.slug)
    if form.is_valid():
        try:
            leave_organization(visit.actor, visit.organization, user=visit.user)
            gone = f"You have left {visit.organization.name}"
            return go(visit, reverse("console:home"), saying=gone)
        except StonepineError as error:
            form.refuse(error)
    return render_sheet(
        visit, "settings/_leave.html", {"form": form},
        title=f"Leave {visit.organization.name}", trail=(_trail(visit),),
        is_invalid=bool(form.errors),
    )  # fmt: skip


@require_http_methods(["GET", "POST"])
@organization_page
@freshly_confirmed
def delete(visit: Visit) -> HttpResponse:
    """Only without projects: what they hold is never lost by the way."""
    guard(visit, Permission.ORGANIZATION_DELETE, Action.ORGANIZATION_DELETED)
    form = DeleteForm(visit.posted, name=visit.organization.slug)
    if form.is_valid():
        try:
            delete_organization(visit.actor, visit.organization)
            gone = f"Organization {visit.organization.name} deleted"
            return go(visit, reverse("console:home"), saying=gone)
        except StonepineError as error:
            form.refuse(error)
    return render_sheet(
        visit, "settings/_delete.html", {"form": form},
        title=f"Delete {visit.organization.name}", trail=(_trail(visit),),
        is_invalid=bool(form.errors),
    )  # fmt: skip


def _here(visit: Visit) -> str:
    return reverse("console:settings", args=[visit.organization.slug])


def _trail(visit: Visit) -> Crumb:
    return Crumb(_TITLE, _here(visit))
