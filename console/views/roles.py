"""The roles there are, and the answer to who may do what by which of them."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.views.decorators.http import require_http_methods

from access.explain import Explanation, Place, parse_permission
from access.matrix import ROLE_LABELS, matrix, roles_in_order
from access.permissions import ORGANIZATION_ROLES, PROJECT_ROLES, Permission, Role
from console.errors import INVALID, form_status
from console.forms.access import AccessQuestionForm
from console.navigation import Crumb
from console.render import render_page
from console.visit import Visit, organization_page
from indexes.queries import get_index
from indexes.queries import place_of as place_of_index
from kit.errors import InvalidArgument, StonepineError
from projects.explanation import explain_access, place_of
from projects.queries import get_project, visible_projects


@dataclass(frozen=True, slots=True)
class RoleRow:
    permission: Permission
    marks: list[bool]


@dataclass(frozen=True, slots=True)
class RoleTable:
    title: str
    labels: list[str]
    rows: list[RoleRow]


@require_http_methods(["GET", "POST"])
@organization_page
def roles(visit: Visit) -> HttpResponse:
    """The matrix, rendered from the tables that decide. A question is sent, not linked to: what is
    asked for may be a secret that somebody pasted, and has no place in an address."""
    projects = visible_projects(visit.actor, visit.organization)
    form = AccessQuestionForm(visit.request.POST or None, projects=projects)
    answer, status = None, 200
    if form.is_valid():
        try:
            answer = _answer(visit, **form.cleaned_data)
        except StonepineError as error:
            form.refuse(error)
            status = form_status(error)
    elif form.is_bound:
        status = INVALID
    tables = [
        _role_table("Organization roles", ORGANIZATION_ROLES),
        _role_table("Project roles", PROJECT_ROLES),
    ]
    context: dict[str, Any] = {"tables": tables, "form": form, "answer": answer}
    return render_page(visit, "orgs/roles.html", context, trail=(Crumb("Roles"),), status=status)


def _answer(visit: Visit, *, who: str, permission: str, project: str, index: str) -> Explanation:
    return explain_access(
        visit.actor,
        visit.organization,
        who=who,
        permission=parse_permission(permission),
        place=_place(visit, project, index),
    )


def _place(visit: Visit, project: str, index: str) -> Place:
    if not project:
        if index:
            raise InvalidArgument("An index lies in a project: choose one.", field="project")
        return place_of(visit.organization)
    found = get_project(visit.actor, visit.organization, project)
    if not index:
        return place_of(visit.organization, found)
    return place_of_index(get_index(visit.actor, found, index))


def _role_table(title: str, kind: frozenset[Role]) -> RoleTable:
    held = roles_in_order(kind)
    rows = [RoleRow(row.permission, [role in row.roles for role in held]) for row in matrix()]
    return RoleTable(title, [ROLE_LABELS[role] for role in held], [r for r in rows if any(r.marks)])
