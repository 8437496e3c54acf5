"""Who reaches a project: adding members of the organization to it, and taking them off."""

from dataclasses import dataclass
from uuid import UUID

from django.http import HttpResponse
from django.views.decorators.http import require_GET, require_http_methods

from access.matrix import ROLE_LABELS
from access.permissions import Permission
from accounts.queries import find_user_by_email
from audit.actions import Action
from console.confirm import freshly_confirmed
from console.forms.base import ConsoleForm
from console.forms.projects import ProjectMemberForm
from console.navigation import Crumb, project_url
from console.render import go, render_page, render_sheet
from console.snippets import snippets
from console.visit import Visit, guard, project_page
from kit.errors import InvalidArgument, StonepineError
from orgs.directory import get_member
from orgs.models import PrincipalType, UserManagement
from orgs.user_management import deciding
from projects.members import add_project_member, remove_project_member
from projects.roster import ProjectMember, project_members

_TITLE = "Members"


@dataclass(frozen=True, slots=True)
class MemberRow:
    """`held` in words; who is a machine is kept among the service accounts."""

    member: ProjectMember
    held: list[str]
    is_self: bool

    @property
    def is_machine(self) -> bool:
        return self.member.principal_type == PrincipalType.SERVICE_ACCOUNT

    @property
    def may_be_removed(self) -> bool:
        return bool(self.held) and not self.is_machine


@require_GET
@project_page
def listing(visit: Visit) -> HttpResponse:
    rows = [
        MemberRow(one, [ROLE_LABELS[role] for role in one.roles], one.principal_id == visit.user.pk)
        for one in project_members(visit.actor, visit.here)
    ]
    context = {"rows": rows, "is_decided_here": _is_decided_here(visit)}
    return render_page(visit, "project_members/list.html", context, trail=(Crumb(_TITLE),))


@require_http_methods(["GET", "POST"])
@project_page
@freshly_confirmed
def new(visit: Visit) -> HttpResponse:
    """One more role on the project for somebody who belongs to the organization."""
    guard(visit, Permission.PROJECT_MEMBER_WRITE, Action.PROJECT_MEMBER_ADDED)
    form = ProjectMemberForm(visit.posted)
    if form.is_valid():
        try:
            name = _add(visit, form)
            return go(visit, _here(visit), saying=f"{name} added")
        except StonepineError as error:
            form.refuse(error)
    context = {"form": form, "snippets": snippets("project_member", ("curl",), project=visit.here)}
    return render_sheet(
        visit, "project_members/_new.html", context,
        title="Add a member", trail=(_trail(visit),), is_invalid=bool(form.errors),
    )  # fmt: skip


@require_http_methods(["GET", "POST"])
@project_page
@freshly_confirmed
def remove(visit: Visit, user_id: UUID) -> HttpResponse:
    """All their roles on the project; they stay in the organization."""
    guard(visit, Permission.PROJECT_MEMBER_WRITE, Action.PROJECT_MEMBER_REMOVED, user=str(user_id))
    person = get_member(visit.actor, visit.organization, user_id).user
    form = ConsoleForm(visit.posted)
    if form.is_valid():
        try:
            remove_project_member(visit.actor, visit.here, user=person)
            return go(visit, _here(visit), saying=f"{person.display_name} removed")
        except StonepineError as error:
            form.refuse(error)
    return render_sheet(
        visit, "project_members/_remove.html", {"form": form, "person": person},
        title=f"Remove {person.display_name}", trail=(_trail(visit),),
        is_invalid=bool(form.errors),
    )  # fmt: skip


def _add(visit: Visit, form: ProjectMemberForm) -> str:
    """Whoever is no member is refused in the same words, whether or not there is an account."""
    person = find_user_by_email(form.cleaned_data["email"])
    if person is None:
        raise InvalidArgument(
            "Only members of the organization can join its projects.", field="email"
        )
    add_project_member(visit.actor, visit.here, user=person, role=form.chosen)
    return person.display_name


def _is_decided_here(visit: Visit) -> bool:
    return deciding(visit.organization) is UserManagement.CONSOLE


def _here(visit: Visit) -> str:
    return project_url(visit.organization, visit.here, "project_members")


def _trail(visit: Visit) -> Crumb:
    return Crumb(_TITLE, _here(visit))
