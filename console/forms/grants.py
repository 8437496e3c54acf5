"""The roles that somebody new starts with: on the organization, and on one project."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django import forms

from access.matrix import ROLE_LABELS, roles_in_order
from access.permissions import PROJECT_ROLES, Role
from console.forms.members import RolesForm
from orgs.role_bindings import Assignment
from projects.models import Project

_PROJECT_ROLES = [(str(role), ROLE_LABELS[role]) for role in roles_in_order(PROJECT_ROLES)]


class GrantsForm(RolesForm):
    """The fields, and what they assign; a role on the project counts where one is chosen."""

    project = forms.ChoiceField(label="Project", required=False)
    project_role = forms.ChoiceField(
        label="Role on the project",
        choices=_PROJECT_ROLES,
        initial=str(Role.PROJECT_EDITOR),
        required=False,
    )

    def __init__(self, *args: Any, projects: Iterable[Project], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        places = [("", "None"), *((str(one.pk), one.name) for one in projects)]
        self.fields["project"].choices = places  # type: ignore[attr-defined] # a ChoiceField

    @property
    def assignments(self) -> list[Assignment]:
        """Only of a form without errors."""
        found = [Assignment(role) for role in self.chosen]
        project, role = self.cleaned_data["project"], self.cleaned_data["project_role"]
        if project and role:
            found.append(Assignment(Role(role), UUID(project)))
        return found
