"""How long an organization keeps what it need not keep: its owner chooses."""

from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from access.permissions import Permission
from audit.actions import Action
from compliance.retention import set_retention
from console.confirm import freshly_confirmed
from console.forms.retention import RetentionForm
from console.navigation import Crumb
from console.render import go, render_sheet
from console.snippets import snippets
from console.visit import Visit, guard, organization_page


@require_http_methods(["GET", "POST"])
@organization_page
@freshly_confirmed
def choose(visit: Visit) -> HttpResponse:
    """Whoever would delete backups by it is told so, and may insist."""
    guard(visit, Permission.ORGANIZATION_UPDATE, Action.ORGANIZATION_RETENTION_CHANGED)
    settings = reverse("console:settings", args=[visit.organization.slug])
    form = RetentionForm(visit.posted, organization=visit.organization)
    if form.carries_out(
        lambda: set_retention(
            visit.actor,
            visit.organization,
            days=form.days,
            is_forced=form.cleaned_data["is_forced"],
        )
    ):
        return go(visit, settings, saying="Retention saved")
    call = snippets("retention", ("curl",), organization=visit.organization)
    return render_sheet(
        visit, "settings/_retention.html", {"form": form, "call": call},
        title="Data retention", trail=(Crumb("Settings", settings),), is_invalid=bool(form.errors),
    )  # fmt: skip
