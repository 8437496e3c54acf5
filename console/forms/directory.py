"""The directory of an identity provider: who decides, its tokens, what its groups hold."""

from typing import Any

from django import forms

from console.forms.base import Advised, ConsoleForm
from console.forms.keys import LinesField
from orgs.models import UserManagement

_MODES = [
    (
        UserManagement.CONSOLE,
        Advised("Owners", "Members are invited and given roles here and over the Admin API."),
    ),
    (
        UserManagement.SAML,
        Advised("Sign-ons (SAML)", "Each sign-on replaces a person's roles by those it names."),
    ),
    (
        UserManagement.SCIM,
        Advised("The directory (SCIM)", "The provider adds, changes and removes people by itself."),
    ),
]
_LIFETIMES = [("90", "In 90 days"), ("365", "In a year"), ("", "Never")]


class ModeForm(ConsoleForm):
    mode = forms.ChoiceField(label="Who decides", choices=_MODES, widget=forms.RadioSelect)

    @property
    def chosen(self) -> UserManagement:
        """Only of a form without errors."""
        return UserManagement(self.cleaned_data["mode"])


class ScimTokenForm(ConsoleForm):
    name = forms.CharField(
        label="Name",
        max_length=80,
        help_text="Whose it is, for example: Okta.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "autofocus": True}),
    )
    lifetime = forms.ChoiceField(label="Expires", choices=_LIFETIMES, required=False, initial="90")

    @property
    def days(self) -> int | None:
        chosen = self.cleaned_data["lifetime"]
        return int(chosen) if chosen else None


class GroupRolesForm(ConsoleForm):
    roles = LinesField(
        label="Roles",
        help_text="One a line: pinecone:OrgManager, pinecone:project:<id>:ProjectEditor.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["roles"].widget.attrs["rows"] = 5
