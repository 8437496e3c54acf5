"""Who visits which organization and project: built once a request, handed to every view.

The decorators here are the console's only gate. A view below one of them runs for a signed-in
person who belongs to the organization; whatever the domain refuses becomes a page.
"""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import urlencode

from django.http import HttpRequest, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, resolve_url

from access.actor import Actor
from access.decide import require
from access.matrix import ROLE_LABELS
from access.permissions import CredentialKind, Permission, Role
from accounts.models import User
from audit.actions import Action
from console.auth import actor_of, note_activity
from console.errors import error_page
from console.rights import Rights
from console.support import supporting
from kit.errors import StonepineError
from orgs.models import Organization
from orgs.queries import get_organization
from orgs.verbs import denials_recorded
from projects.models import Project
from projects.queries import get_project

LAST_ORGANIZATION = "last_organization"


@dataclass(frozen=True, slots=True)
class Visit:
    """A signed-in person at an organization, or at one of its projects."""

    request: HttpRequest
    user: User
    actor: Actor
    organization: Organization
    project: Project | None = None

    @property
    def posted(self) -> QueryDict | None:
        """What a form was sent with, also where that is nothing; None before it is sent."""
        return self.request.POST if self.request.method == "POST" else None

    @property
    def is_support(self) -> bool:
        """Whether it is the operator who looks, at the organization's word."""
        return self.actor.kind is CredentialKind.SUPPORT

    @property
    def may(self) -> Rights:
        """Rights at the project where there is one, else at the organization."""
        place = self.project or self.organization
        return Rights(self.actor, place.scope)

    @property
    def may_in_organization(self) -> Rights:
        return Rights(self.actor, self.organization.scope)

    @property
    def here(self) -> Project:
        """The project, in views that `project_page` guards."""
        if self.project is None:
            raise LookupError("this page belongs to no project")
        return self.project

    @property
    def standing(self) -> str:
        """The strongest role held here, in words; at a project the role on the project."""
        grants = [
            grant for grant in self.actor.grants if grant.organization_id == self.organization.pk
        ]
        here = self.project.pk if self.project else None
        held = {grant.role for grant in grants if grant.project_id == here}
        if not held or Role.ORG_OWNER in {grant.role for grant in grants}:
            held = {grant.role for grant in grants}
        return next((ROLE_LABELS[role] for role in Role if role in held), "")


def guard(visit: Visit, permission: Permission, action: Action, /, **asked_for: str) -> None:
    """Raise `PermissionDenied` before a form is shown or read.

    Looking at the form is no act; sending it is one, and whoever is denied leaves an event, however
    the form was filled in.
    """
    place = visit.project or visit.organization
    if visit.request.method != "POST":
        require(visit.actor, permission, place.scope)
        return
    with denials_recorded(visit.actor, action, place, **asked_for):
        require(visit.actor, permission, place.scope)


View = Callable[..., HttpResponseBase]


def signed_in(view: View) -> View:
    """Send strangers to the sign-in page and back afterwards; turn refusals into pages."""

    @functools.wraps(view)
    def guarded(request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return redirect(f"{resolve_url('console:signin')}?{urlencode({'next': request.path})}")
        note_activity(request)
        try:
            return view(request, **kwargs)
        except StonepineError as error:
            return error_page(request, error)

    return guarded


def organization_page(view: View) -> View:
    """`view(visit, …)` at `/o/<organization>/…`."""

    @signed_in
    @functools.wraps(view)
    def at(request: HttpRequest, organization: str, **kwargs: Any) -> HttpResponseBase:
        return view(_visit(request, organization), **kwargs)

    return at


def project_page(view: View) -> View:
    """`view(visit, …)` at `/o/<organization>/p/<project>/…`."""

    @signed_in
    @functools.wraps(view)
    def at(
        request: HttpRequest, organization: str, project: str, **kwargs: Any
    ) -> HttpResponseBase:
        visit = _visit(request, organization)
        found = get_project(visit.actor, visit.organization, project)
        return view(Visit(request, visit.user, visit.actor, visit.organization, found), **kwargs)

    return at


def _visit(request: HttpRequest, slug: str) -> Visit:
    user = cast("User", request.user)
    supported = supporting(request, user, slug)
    if supported is not None:
        actor, organization = supported
        return Visit(request, user, actor, organization)
    actor = actor_of(request, user)
    organization = get_organization(actor, slug)
    if request.session.get(LAST_ORGANIZATION) != slug:
        request.session[LAST_ORGANIZATION] = slug
    return Visit(request, user, actor, organization)
