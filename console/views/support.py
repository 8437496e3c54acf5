"""What an organization decides about the operator's access to it."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from access.permissions import Permission
from audit.actions import Action
from console.confirm import freshly_confirmed
from console.forms.support import SupportGrantForm
from console.navigation import Crumb
from console.render import go, render_sheet
from console.snippets import snippets
from console.visit import Visit, guard, organization_page
from orgs.support import end_support, grant_support, support_accesses
from orgs.support_status import SupportStatus


@require_http_methods(["GET", "POST"])
@organization_page
@freshly_confirmed
def grant(visit: Visit) -> HttpResponse:
    """For a request that waits, with its words; or unasked."""
    guard(visit, Permission.ORGANIZATION_UPDATE, Action.SUPPORT_GRANTED)
    newest = support_accesses(visit.actor, visit.organization)[:1]
    asked = [one for one in newest if one.status is SupportStatus.REQUESTED]
    initial = {"reason": asked[0].reason} if asked else {}
    form = SupportGrantForm(visit.posted, initial=initial)
    if form.carries_out(
        lambda: grant_support(visit.actor, visit.organization, **form.cleaned_data)
    ):
        return go(visit, _here(visit), saying="Support may look now")
    context = {
        "form": form,
        "asked": asked[0] if asked else None,
        "snippets": snippets("support_access", ("curl",), organization=visit.organization),
    }
    return render_sheet(
        visit, "settings/_support.html", context, title="Grant support access",
        trail=(Crumb("Settings", _here(visit)),), is_invalid=bool(form.errors),
    )  # fmt: skip


@require_POST
@organization_page
def end(visit: Visit) -> HttpResponse:
    """At once, and without a proof of the person: shutting a door must not be hard."""
    guard(visit, Permission.ORGANIZATION_UPDATE, Action.SUPPORT_ENDED)
    end_support(visit.actor, visit.organization)
    messages.success(visit.request, "Support sees nothing any more")
    return redirect(_here(visit))


def _here(visit: Visit) -> str:
    return reverse("console:settings", args=[visit.organization.slug])
