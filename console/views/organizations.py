"""The way in, and an organization's overview."""

from typing import cast

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET

from accounts.models import User
from console.auth import actor_of, organizations_here
from console.render import render_page
from console.views.projects import cards_of
from console.visit import LAST_ORGANIZATION, Visit, organization_page, signed_in
from orgs.queries import recent_events
from orgs.sign_up import is_open_to_all

_EVENTS = 12


@require_GET
@signed_in
def home(request: HttpRequest, rest: str = "") -> HttpResponse:
    """To the organization seen last: `/` and `/o/-/…`, which links in documentation use."""
    user = cast("User", request.user)
    actor = actor_of(request, user)
    found = organizations_here(request, user, actor)
    if not found:
        return render(request, "orgs/none.html", {"may_found": is_open_to_all()})
    # One that is shut is entered only where there is no other.
    reached = {grant.organization_id for grant in actor.grants}
    slugs = [one.slug for one in sorted(found, key=lambda one: one.pk not in reached)]
    is_open = {one.slug for one in found if one.pk in reached}
    last = request.session.get(LAST_ORGANIZATION)
    slug = last if last in is_open else slugs[0]
    return redirect(f"/o/{slug}/{rest}".rstrip("/"))


@require_GET
@organization_page
def overview(visit: Visit) -> HttpResponse:
    events = None
    if visit.may["audit_read"].is_allowed:
        events = recent_events(visit.actor, visit.organization, limit=_EVENTS)
    return render_page(visit, "orgs/overview.html", {"cards": cards_of(visit), "events": events})
