"""What an auditor asks of an organization, as it is now; and the whole of it as a file."""

from django.http import HttpResponse, JsonResponse
from django.urls import reverse
from django.utils.cache import add_never_cache_headers
from django.views.decorators.http import require_GET, require_POST

from access.permissions import Permission
from audit.actions import Action
from compliance.controls import Control, controls
from compliance.evidence import export_evidence
from compliance.queries import compliance_facts
from compliance.states import State
from console.confirm import freshly_confirmed
from console.navigation import Crumb
from console.render import render_page
from console.snippets import snippets
from console.visit import Visit, guard, organization_page
from kit import clock

_SHOWN = 50
_TONES = {State.NEEDS_WORK: "warn", State.CHOICE: "", State.MET: "good"}


@require_GET
@organization_page
def page(visit: Visit) -> HttpResponse:
    """Tables are shortened here: the file has everything."""
    facts = compliance_facts(visit.actor, visit.organization)
    found = controls(facts)
    context = {
        "facts": facts,
        "controls": [(one, _TONES[one.state], _url(visit, one)) for one in found],
        "needing_work": sum(one.state is State.NEEDS_WORK for one in found),
        "held_roles": facts.held_roles[:_SHOWN],
        "left_out": max(0, len(facts.held_roles) - _SHOWN),
        "snippets": snippets("evidence", ("curl", "Shell"), organization=visit.organization),
    }
    return render_page(visit, "compliance/page.html", context, trail=(Crumb("Compliance"),))


@require_POST
@organization_page
@freshly_confirmed
def export(visit: Visit) -> HttpResponse:
    """The export is an event itself."""
    guard(visit, Permission.AUDIT_READ, Action.EVIDENCE_EXPORTED)
    found = export_evidence(visit.actor, visit.organization)
    response = JsonResponse(found, json_dumps_params={"indent": 1, "ensure_ascii": False})
    name = f"evidence-{visit.organization.slug}-{clock.now():%Y%m%dT%H%M%SZ}.json"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    add_never_cache_headers(response)
    return response


def _url(visit: Visit, control: Control) -> str:
    if not control.page:
        return ""
    return reverse(f"console:{control.page}", args=[visit.organization.slug])
