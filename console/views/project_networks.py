"""Where a project may be reached from."""

from django.http import HttpResponse
from django.views.decorators.http import require_http_methods

from access.permissions import Permission
from audit import context
from audit.actions import Action
from console.confirm import freshly_confirmed
from console.forms.networks import ProjectNetworksForm
from console.navigation import Crumb, project_url
from console.render import go, render_sheet
from console.snippets import snippets
from console.visit import Visit, guard, project_page
from kit.environment import environment
from kit.errors import FailedPrecondition, StonepineError
from projects.networks import set_network_policy


@require_http_methods(["GET", "POST"])
@project_page
@freshly_confirmed
def change(visit: Visit) -> HttpResponse:
    """Who would shut themselves out is warned, and may insist."""
    guard(visit, Permission.PROJECT_UPDATE, Action.PROJECT_NETWORKS_CHANGED)
    settings = project_url(visit.organization, visit.here, "project_settings")
    form = ProjectNetworksForm(
        visit.posted,
        policy=visit.here.network_policy,
        has_private_endpoint=bool(environment().private_bind_host),
    )
    is_shut_out = False
    if form.is_valid():
        try:
            set_network_policy(visit.actor, visit.here, **form.wish)
            return go(visit, settings, saying="Networks saved")
        except StonepineError as error:
            is_shut_out = isinstance(error, FailedPrecondition) and "address" in error.fields
            form.refuse(error)
    sheet_context = {
        "form": form,
        "is_shut_out": is_shut_out,
        "address": context.current().ip,
        "call": snippets("project_networks", ("curl",), project=visit.here),
    }
    return render_sheet(
        visit, "project_settings/_networks.html", sheet_context,
        title="Networks", trail=(Crumb("Settings", settings),), is_invalid=bool(form.errors),
    )  # fmt: skip
