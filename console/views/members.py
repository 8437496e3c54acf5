"""Members of an organization: who they are, what they hold here, and the end of a membership."""

from dataclasses import dataclass
from uuid import UUID

from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from access.permissions import Permission
from audit.actions import Action
from console.confirm import freshly_confirmed
from console.forms.base import ConsoleForm
from console.forms.members import MemberRolesForm, SearchForm
from console.navigation import Crumb
from console.paging import ROWS, after, further
from console.render import go, render_page, render_sheet
from console.role_words import Held, held_by
from console.visit import Visit, guard, organization_page
from kit.errors import StonepineError
from orgs.departures import remove_member
from orgs.directory import get_member, invitations, users
from orgs.member_roles import set_member_roles
from orgs.models import Invitation, Membership, UserManagement
from orgs.queries import organization_roles
from orgs.user_management import deciding

TITLE = "Members"


@dataclass(frozen=True, slots=True)
class MemberRow:
    """A member with the roles that the viewer may see."""

    membership: Membership
    held: Held
    is_self: bool


@dataclass(frozen=True, slots=True)
class InvitationRow:
    invitation: Invitation
    held: Held


@require_GET
@organization_page
def listing(visit: Visit) -> HttpResponse:
    """Members page by page, of `?q=` only those so called; invitations without an answer below, for
    who may send them."""
    search = SearchForm(visit.request.GET)
    text = search.cleaned_data["q"] if search.is_valid() else ""
    page = users(visit.actor, visit.organization, text=text, limit=ROWS, after=after(visit.request))
    held = held_by(visit, [one.user_id for one in page.rows])
    context = {
        "members": [
            MemberRow(one, held[one.user_id], one.user_id == visit.user.pk) for one in page.rows
        ],
        "search": search,
        "next": further(visit.request, "after", page.next_after),
        "invitations": _invitations(visit),
        "is_decided_here": deciding(visit.organization) is UserManagement.CONSOLE,
    }
    return render_page(visit, "members/list.html", context, trail=(Crumb(TITLE),))


@require_http_methods(["GET", "POST"])
@organization_page
@freshly_confirmed
def roles(visit: Visit, user_id: UUID) -> HttpResponse:
    """Choose what a member holds on the organization; roles on projects stay."""
    guard(visit, Permission.MEMBER_WRITE, Action.MEMBER_ROLES_CHANGED, user=str(user_id))
    member = get_member(visit.actor, visit.organization, user_id)
    held = organization_roles(visit.actor, visit.organization, [member]).get(member.user_id, [])
    form = MemberRolesForm(visit.posted, initial={"roles": held})
    if form.is_valid():
        try:
            set_member_roles(visit.actor, visit.organization, user=member.user, roles=form.chosen)
            return go(visit, here(visit), saying=f"Roles of {member.user.display_name} changed")
        except StonepineError as error:
            form.refuse(error)
    return render_sheet(
        visit, "members/_roles.html", {"form": form, "member": member},
        title=f"Roles of {member.user.display_name}", trail=(trail(visit),),
        is_invalid=bool(form.errors),
    )  # fmt: skip


@require_http_methods(["GET", "POST"])
@organization_page
@freshly_confirmed
def remove(visit: Visit, user_id: UUID) -> HttpResponse:
    guard(visit, Permission.MEMBER_WRITE, Action.MEMBER_REMOVED, user=str(user_id))
    member = get_member(visit.actor, visit.organization, user_id)
    form = ConsoleForm(visit.posted)
    if form.is_valid():
        try:
            remove_member(visit.actor, visit.organization, user=member.user)
            there = reverse("console:home") if member.user == visit.user else here(visit)
            return go(visit, there, saying=f"{member.user.display_name} removed")
        except StonepineError as error:
            form.refuse(error)
    return render_sheet(
        visit, "members/_remove.html", {"form": form, "member": member},
        title=f"Remove {member.user.display_name}", trail=(trail(visit),),
        is_invalid=bool(form.errors),
    )  # fmt: skip


def here(visit: Visit) -> str:
    return reverse("console:members", args=[visit.organization.slug])


def trail(visit: Visit) -> Crumb:
    return Crumb(TITLE, here(visit))


def _invitations(visit: Visit) -> list[InvitationRow]:
    if not visit.may["member_write"].is_allowed:
        return []
    found = invitations(visit.actor, visit.organization).rows
    held = held_by(visit, [one.pk for one in found])
    return [InvitationRow(one, held[one.pk]) for one in found]
