"""What `stonepine doctor` finds."""

from django.http import HttpResponse

from console.operator_page import Operating, go_on, only, operator_page, render_operator
from orgs.installation.diagnosis import diagnose, last_diagnosis

_PAGE = "operator_diagnostics"


@operator_page
@only("GET")
def page(own: Operating) -> HttpResponse:
    return render_operator(
        own, "operator/diagnostics.html", {"diagnosis": last_diagnosis(own.actor)}
    )


@operator_page
@only("POST")
def check(own: Operating) -> HttpResponse:
    """Look now; the answers stay for a day."""
    found = diagnose(own.actor)
    said = f"{found.faults} of {len(found.findings)} checks found a fault" if found.faults else ""
    return go_on(own, _PAGE, saying=said or f"All {len(found.findings)} checks are good")
