"""Single sign-on of an organization: its mail domains, its connections, and requiring it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from access.permissions import Permission
from audit.actions import Action
from console.confirm import freshly_confirmed
from console.errors import INVALID, form_status
from console.forms.sso import ConnectionForm, DomainForm
from console.navigation import Crumb
from console.render import go, render_page
from console.visit import Visit, guard, organization_page
from kit.errors import InvalidArgument, StonepineError
from orgs.models import EmailDomain
from orgs.plans import FEATURES, Feature, Plan
from sso.connections import create_connection
from sso.domains import (
    challenge_name,
    challenge_text,
    claim_domain,
    release_domain,
    verify_domain,
)
from sso.enforcement import beside_sso, lift_requirement, require_sso
from sso.queries import connections_of, domains_of, get_domain

TITLE = "Single sign-on"


def no_act(*_: object) -> None:
    raise InvalidArgument("There is no such button.")


_Act = tuple[Action, Callable[..., Any], str]
_NO_ACT: _Act = (Action.SSO_CONNECTION_UPDATED, no_act, "")
_ACTS: dict[str, _Act] = {
    "verify": (Action.EMAIL_DOMAIN_VERIFIED, verify_domain, "Domain verified"),
    "release": (Action.EMAIL_DOMAIN_RELEASED, release_domain, "Domain given up"),
    "require": (Action.SSO_REQUIRED, require_sso, "Single sign-on is required now"),
    "lift": (Action.SSO_REQUIREMENT_LIFTED, lift_requirement, "Other ways in are open again"),
}


@dataclass(frozen=True, slots=True)
class DomainRow:
    """A domain and the record that proves it."""

    domain: EmailDomain
    name: str
    text: str


@require_GET
@organization_page
@freshly_confirmed
def overview(visit: Visit) -> HttpResponse:
    """The steps in order: a domain, a connection, a test, requiring it."""
    guard(visit, Permission.SSO_WRITE, Action.SSO_CONNECTION_UPDATED)
    return _page(visit)


@require_POST
@organization_page
@freshly_confirmed
def domain_new(visit: Visit) -> HttpResponse:
    guard(visit, Permission.SSO_WRITE, Action.EMAIL_DOMAIN_CLAIMED)
    form = DomainForm(visit.request.POST)
    if not form.is_valid():
        return _page(visit, domain_form=form, status=INVALID)
    try:
        claim = claim_domain(visit.actor, visit.organization, **form.cleaned_data)
    except StonepineError as error:
        form.refuse(error)
        return _page(visit, domain_form=form, status=form_status(error))
    return _done(visit, f"Now add the TXT record of {claim.domain}.")


@require_POST
@organization_page
@freshly_confirmed
def domain_act(visit: Visit, domain: UUID) -> HttpResponse:
    """One of the buttons beside a domain; `act` names it."""
    action, act, saying = _ACTS.get(visit.request.POST.get("act", ""), _NO_ACT)
    guard(visit, Permission.SSO_WRITE, action)
    found = get_domain(visit.actor, visit.organization, domain)
    try:
        act(visit.actor, found)
    except StonepineError as error:
        return _page(visit, refusal=error.message, status=form_status(error))
    return _done(visit, saying)


@require_POST
@organization_page
@freshly_confirmed
def connection_new(visit: Visit) -> HttpResponse:
    guard(visit, Permission.SSO_WRITE, Action.SSO_CONNECTION_CREATED)
    form = ConnectionForm(visit.request.POST)
    if not form.is_valid():
        return _page(visit, connection_form=form, status=INVALID)
    try:
        made = create_connection(visit.actor, visit.organization, **form.cleaned_data)
    except StonepineError as error:
        form.refuse(error)
        return _page(visit, connection_form=form, status=form_status(error))
    return redirect("console:sso_connection", visit.organization.slug, made.pk)


def _done(visit: Visit, saying: str) -> HttpResponse:
    return go(visit, reverse("console:sso", args=[visit.organization.slug]), saying=saying)


def _page(visit: Visit, *, status: int = 200, **changed: Any) -> HttpResponse:
    domains = domains_of(visit.actor, visit.organization)
    context = {
        "is_included": Feature.SSO in FEATURES[Plan(visit.organization.plan)],
        "domains": [DomainRow(one, challenge_name(one), challenge_text(one)) for one in domains],
        "connections": connections_of(visit.actor, visit.organization),
        "beside": beside_sso(visit.actor, visit.organization),
        "domain_form": DomainForm(),
        "connection_form": ConnectionForm(),
        "refusal": "",
        **changed,
    }
    return render_page(visit, "sso/overview.html", context, trail=(Crumb(TITLE),), status=status)
