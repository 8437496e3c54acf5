"""Where an organization's people and service accounts have to come from."""

from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from access.permissions import Permission
from audit import context
from audit.actions import Action
from console.confirm import freshly_confirmed
from console.forms.networks import OrganizationNetworksForm
from console.navigation import Crumb
from console.render import go, render_sheet
from console.snippets import snippets
from console.visit import Visit, guard, organization_page
from kit.errors import FailedPrecondition, StonepineError
from orgs.networks import set_sign_in_networks, shown_networks


@require_http_methods(["GET", "POST"])
@organization_page
@freshly_confirmed
def change(visit: Visit) -> HttpResponse:
    """Who would shut themselves out is warned, and may insist."""
    guard(visit, Permission.ORGANIZATION_UPDATE, Action.ORGANIZATION_NETWORKS_CHANGED)
    settings = reverse("console:settings", args=[visit.organization.slug])
    now = shown_networks(visit.organization)
    lines = {name: "\n".join(networks) for name, networks in now.items()}
    form, is_shut_out = OrganizationNetworksForm(visit.posted, initial=lines), False
    if form.is_valid():
        try:
            set_sign_in_networks(visit.actor, visit.organization, **form.cleaned_data)
            return go(visit, settings, saying="Networks saved")
        except StonepineError as error:
            is_shut_out = isinstance(error, FailedPrecondition) and "address" in error.fields
            form.refuse(error)
    sheet_context = {
        "form": form,
        "is_shut_out": is_shut_out,
        "address": context.current().ip,
        "call": snippets("organization_networks", ("curl",), organization=visit.organization),
    }
    return render_sheet(
        visit, "settings/_networks.html", sheet_context,
        title="Networks", trail=(Crumb("Settings", settings),), is_invalid=bool(form.errors),
    )  # fmt: skip
