"""The directory that an identity provider keeps: who decides, its tokens, what its groups hold."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.urls import reverse
from django.utils.cache import add_never_cache_headers
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from access.keys import PlainKey
from access.permissions import Permission
from audit.actions import Action
from console.confirm import freshly_confirmed
from console.errors import INVALID, form_status
from console.forms.base import ConsoleForm
from console.forms.directory import GroupRolesForm, ModeForm, ScimTokenForm
from console.navigation import Crumb
from console.render import go, render_page, render_sheet
from console.visit import Visit, guard, organization_page
from kit.errors import StonepineError
from orgs.plans import FEATURES, Feature, Plan
from orgs.user_management import deciding
from projects.queries import visible_projects
from sso.scim.groups import map_group
from sso.scim.models import ScimToken
from sso.scim.queries import (
    directory_groups,
    directory_size,
    get_directory_group,
    get_scim_token,
    scim_tokens,
)
from sso.scim.rendering import base_url
from sso.scim.tokens import MAX_LIVING, create_scim_token, revoke_scim_token
from sso.user_management import set_user_management

TITLE = "Directory"


@dataclass(frozen=True, slots=True)
class TokenRow:
    """A token and the colour of its expiry."""

    token: ScimToken
    tone: str


@require_GET
@organization_page
@freshly_confirmed
def overview(visit: Visit) -> HttpResponse:
    guard(visit, Permission.SSO_WRITE, Action.SSO_USER_MANAGEMENT_CHANGED)
    return _page(visit)


@require_POST
@organization_page
@freshly_confirmed
def decide(visit: Visit) -> HttpResponse:
    """Choose who decides about people."""
    guard(visit, Permission.SSO_WRITE, Action.SSO_USER_MANAGEMENT_CHANGED)
    form = ModeForm(visit.request.POST)
    if not form.is_valid():
        return _page(visit, mode_form=form, status=INVALID)
    try:
        set_user_management(visit.actor, visit.organization, mode=form.chosen)
    except StonepineError as error:
        form.refuse(error)
        return _page(visit, mode_form=form, status=form_status(error))
    return go(visit, _here(visit), saying="Who decides about people is changed")


@require_http_methods(["GET", "POST"])
@organization_page
@freshly_confirmed
def token_new(visit: Visit) -> HttpResponse:
    """The form, and after it the one page that shows the token."""
    guard(visit, Permission.SSO_WRITE, Action.SCIM_TOKEN_CREATED)
    form = ScimTokenForm(visit.request.POST or None)
    if form.is_valid():
        try:
            token, plain = create_scim_token(
                visit.actor, visit.organization, name=form.cleaned_data["name"], days=form.days
            )
            return _shown_once(visit, token, plain)
        except StonepineError as error:
            form.refuse(error)
    return render_sheet(
        visit, "directory/_token_new.html", {"form": form},
        title="Create SCIM token", trail=(_trail(visit),), is_invalid=bool(form.errors),
    )  # fmt: skip


@require_http_methods(["GET", "POST"])
@organization_page
@freshly_confirmed
def token_revoke(visit: Visit, token_id: UUID) -> HttpResponse:
    guard(visit, Permission.SSO_WRITE, Action.SCIM_TOKEN_REVOKED, id=str(token_id))
    token = get_scim_token(visit.actor, visit.organization, token_id)
    if visit.request.method == "POST":
        revoke_scim_token(visit.actor, token)
        return go(visit, _here(visit), saying=f"SCIM token {token.name} revoked")
    context = {"token": token, "form": ConsoleForm()}
    return render_sheet(
        visit, "directory/_token_revoke.html", context,
        title=f"Revoke {token.name}", trail=(_trail(visit),),
    )  # fmt: skip


@require_http_methods(["GET", "POST"])
@organization_page
@freshly_confirmed
def group_roles(visit: Visit, group_id: UUID) -> HttpResponse:
    """Choose what members of a group hold."""
    guard(visit, Permission.SSO_WRITE, Action.DIRECTORY_GROUP_MAPPED, id=str(group_id))
    group = get_directory_group(visit.actor, visit.organization, group_id)
    initial = {"roles": "\n".join(group.roles)}
    form = GroupRolesForm(visit.request.POST or None, initial=initial)
    if form.is_valid():
        try:
            map_group(visit.actor, group, roles=form.cleaned_data["roles"])
            return go(visit, _here(visit), saying=f"Roles of {group.display_name} saved")
        except StonepineError as error:
            form.refuse(error)
    projects = visible_projects(visit.actor, visit.organization)
    return render_sheet(
        visit, "directory/_group_roles.html",
        {"form": form, "group": group, "projects": projects},
        title=f"Roles of {group.display_name}", trail=(_trail(visit),),
        is_invalid=bool(form.errors),
    )  # fmt: skip


def _shown_once(visit: Visit, token: ScimToken, plain: PlainKey) -> HttpResponse:
    """The answer to the POST itself: the token is in no URL, no session and no cache."""
    context = {"token": token, "secret": plain.value, "base_url": base_url(visit.organization)}
    response = render_sheet(
        visit, "directory/_token_created.html", context,
        title="Save your new SCIM token", trail=(_trail(visit),),
    )  # fmt: skip
    add_never_cache_headers(response)
    return response


def _page(visit: Visit, *, status: int = 200, **changed: Any) -> HttpResponse:
    organization = visit.organization
    tokens = scim_tokens(visit.actor, organization)
    people, groups = directory_size(visit.actor, organization)
    living = sum(not token.is_expired for token in tokens)
    context = {
        "is_included": Feature.SCIM in FEATURES[Plan(organization.plan)],
        "mode_form": ModeForm(initial={"mode": organization.user_management}),
        "deciding": deciding(organization),
        "base_url": base_url(organization),
        "tokens": [TokenRow(one, "bad" if one.is_expired else "") for one in tokens],
        "may_add": living < MAX_LIVING,
        "groups": directory_groups(visit.actor, organization),
        "people_count": people,
        "group_count": groups,
        **changed,
    }
    template = "directory/overview.html"
    return render_page(visit, template, context, trail=(Crumb(TITLE),), status=status)


def _here(visit: Visit) -> str:
    return reverse("console:directory", args=[visit.organization.slug])


def _trail(visit: Visit) -> Crumb:
    return Crumb(TITLE, _here(visit))
