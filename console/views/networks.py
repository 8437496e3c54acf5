"""Networks that people and service accounts of an organization have to come from, and those that a
project may be reached from."""

from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from access.permissions import Permission
from audit import context
from audit.actions import Action
from console.confirm import freshly_confirmed
from console.forms.networks import NetworksForm, OrganizationNetworksForm, ProjectNetworksForm
from console.navigation import Crumb, project_url
from console.render import go, render_sheet
from console.snippets import Snippet, snippets
from console.visit import Visit, guard, organization_page, project_page
from kit.environment import environment
from orgs.networks import set_sign_in_networks, shown_networks
from projects.networks import set_network_policy

_SAVED = "Networks saved"


@require_http_methods(["GET", "POST"])
@organization_page
@freshly_confirmed
def of_organization(visit: Visit) -> HttpResponse:
    guard(visit, Permission.ORGANIZATION_UPDATE, Action.ORGANIZATION_NETWORKS_CHANGED)
    settings = reverse("console:settings", args=[visit.organization.slug])
    now = shown_networks(visit.organization)
    lines = {name: "\n".join(networks) for name, networks in now.items()}
    form = OrganizationNetworksForm(visit.posted, initial=lines)
    if form.carries_out(
        lambda: set_sign_in_networks(visit.actor, visit.organization, **form.cleaned_data)
    ):
        return go(visit, settings, saying=_SAVED)
    call = snippets("organization_networks", ("curl",), organization=visit.organization)
    return _sheet(visit, "settings", form, call, back=settings)


@require_http_methods(["GET", "POST"])
@project_page
@freshly_confirmed
def of_project(visit: Visit) -> HttpResponse:
    guard(visit, Permission.PROJECT_UPDATE, Action.PROJECT_NETWORKS_CHANGED)
    settings = project_url(visit.organization, visit.here, "project_settings")
    form = ProjectNetworksForm(
        visit.posted,
        policy=visit.here.network_policy,
        has_private_endpoint=bool(environment().private_bind_host),
    )
    if form.carries_out(lambda: set_network_policy(visit.actor, visit.here, **form.wish)):
        return go(visit, settings, saying=_SAVED)
    call = snippets("project_networks", ("curl",), project=visit.here)
    return _sheet(visit, "project_settings", form, call, back=settings)


def _sheet(
    visit: Visit, folder: str, form: NetworksForm, call: list[Snippet], *, back: str
) -> HttpResponse:
    """Who would shut themselves out is warned there, and may insist."""
    sheet_context = {"form": form, "address": context.current().ip, "call": call}
    return render_sheet(
        visit, f"{folder}/_networks.html", sheet_context,
        title="Networks", trail=(Crumb("Settings", back),), is_invalid=bool(form.errors),
    )  # fmt: skip
