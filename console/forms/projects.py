"""A project: making and renaming it, and who joins it."""

from django import forms

from access.matrix import ROLE_LABELS, roles_in_order
from access.permissions import PROJECT_ROLES, Role
from console.forms.base import ConsoleForm


class ProjectForm(ConsoleForm):
    name = forms.CharField(
        label="Name",
        max_length=512,
        help_text="As people say it; its URL name is made from it. For example: Search production.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "autofocus": True}),
    )


class ProjectMemberForm(ConsoleForm):
    """A member of the organization, by the address that they sign in with, and one role."""

    email = forms.EmailField(
        label="E-mail address",
        max_length=254,
        help_text="Of a member of the organization. Anybody else needs an invitation first.",
        widget=forms.EmailInput(attrs={"autocomplete": "off", "autofocus": True}),
    )
    role = forms.ChoiceField(
        label="Role on the project",
        choices=[(str(role), ROLE_LABELS[role]) for role in roles_in_order(PROJECT_ROLES)],
        initial=str(Role.PROJECT_EDITOR),
    )

    @property
    def chosen(self) -> Role:
        """Only of a form without errors."""
        return Role(self.cleaned_data["role"])
