"""Looking at an organization as its support: asking for it, beginning and leaving."""

from django.http import HttpResponse
from django.shortcuts import redirect

from console import support
from console.confirm import freshly_confirmed
from console.forms.support import SupportRequestForm
from console.operator_page import Operating, go_on, only, operator_page
from console.views.operator.organizations import page_of
from orgs.installation.organizations import get_any_organization
from orgs.support import request_support

_ONE, _ALL = "operator_organization", "operator_organizations"


@operator_page
@only("POST")
@freshly_confirmed
def ask(own: Operating, organization: str) -> HttpResponse:
    found = get_any_organization(own.actor, organization)
    form = SupportRequestForm(own.request.POST)
    if form.carries_out(
        lambda: request_support(own.actor, found, reason=form.cleaned_data["reason"])
    ):
        return go_on(own, _ONE, found.slug, saying=f"The owners of {found.name} were asked")
    return page_of(own, found, support_form=form)


@operator_page
@only("POST")
@freshly_confirmed
def enter(own: Operating, organization: str) -> HttpResponse:
    """From here on every look is recorded there."""
    found = get_any_organization(own.actor, organization)
    support.begin(own.request, own.user, found)
    return redirect("console:organization", found.slug)


@operator_page
@only("POST")
def leave(own: Operating) -> HttpResponse:
    left = support.leave(own.request)
    if not left:
        return redirect(f"console:{_ALL}")
    return go_on(own, _ONE, left, saying="You look at it no more")
