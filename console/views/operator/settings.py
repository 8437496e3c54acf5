"""The settings of the installation, and trying what they lead to."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect

from console.confirm import freshly_confirmed
from console.operator_page import Operating, go_on, only, operator_page, render_operator
from kit.errors import StonepineError
from orgs.installation.checks import Part, parse_part, try_part
from orgs.installation.settings import shown_settings
from orgs.operators import operators

_PAGE = "operator_settings"


@operator_page
@only("GET")
def page(own: Operating) -> HttpResponse:
    """Read here, changed in the environment: processes read it once, at their start."""
    context = {
        "groups": shown_settings(own.actor),
        "parts": [(part.name.lower(), str(part)) for part in Part],
        "operators": operators(own.actor),
    }
    return render_operator(own, "operator/settings.html", context)


@operator_page
@only("POST")
@freshly_confirmed
def try_out(own: Operating, part: str) -> HttpResponse:
    wanted = parse_part(part)
    try:
        answer = try_part(own.actor, own.user, wanted)
    except StonepineError as error:
        messages.error(own.request, f"The {wanted} does not work: {error.message}")
        return redirect(f"console:{_PAGE}")
    said = f"The {answer.part} works: {answer.message} ({answer.took_ms} ms)"
    return go_on(own, _PAGE, saying=said)
