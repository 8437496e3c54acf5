"""Members: which roles they hold on the organization, and finding them."""

from django import forms

from access.matrix import ROLE_LABELS, roles_in_order
from access.permissions import ORGANIZATION_ROLES, Role
from console.forms.base import Advised, ConsoleForm

_ADVICE = {
    Role.ORG_OWNER: "Everything here, in every project: members, sign-on, billing, the end of it.",
    Role.ORG_MANAGER: "Creates projects and owns those they create.",
    Role.ORG_MEMBER: "Sees the organization; works where a project gives a role.",
    Role.ORG_BILLING_ADMIN: "Sees usage and keeps plan and billing contact.",
}
_ROLES = [
    (str(role), Advised(ROLE_LABELS[role], _ADVICE[role]))
    for role in roles_in_order(ORGANIZATION_ROLES)
]


class RolesForm(ConsoleForm):
    """One role or more on the organization; forms add whose they are."""

    roles = forms.MultipleChoiceField(
        label="Roles on the organization",
        choices=_ROLES,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one role."},
    )

    @property
    def chosen(self) -> list[Role]:
        """Only of a form without errors."""
        return [Role(name) for name in self.cleaned_data["roles"]]


class MemberRolesForm(RolesForm):
    """Exactly these roles, from now on."""


class SearchForm(ConsoleForm):
    q = forms.CharField(
        label="Search members",
        required=False,
        max_length=254,
        widget=forms.SearchInput(attrs={"autocomplete": "off", "placeholder": "Name or address"}),
    )
