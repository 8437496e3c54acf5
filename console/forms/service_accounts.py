"""Machines' identities: their name and first roles, their names and secrets later on."""

from datetime import datetime, timedelta
from typing import Any

from django import forms

from console.forms.base import ConsoleForm
from console.forms.grants import GrantsForm
from kit import clock

_LIFETIMES = [("90", "In 90 days"), ("365", "In a year"), ("", "Never")]


def _name() -> forms.CharField:
    return forms.CharField(
        label="Name",
        max_length=80,
        help_text="What it is for, for example: terraform.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "autofocus": True}),
    )


class ServiceAccountForm(GrantsForm):
    name = _name()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["roles"].required = False

    def clean(self) -> None:
        if "roles" in self.cleaned_data and "project" in self.cleaned_data and not self.assignments:
            self.add_error("roles", "An account that may do nothing is of no use: choose a role.")


class RenameForm(ConsoleForm):
    name = _name()


class SecretForm(ConsoleForm):
    lifetime = forms.ChoiceField(label="Expires", choices=_LIFETIMES, required=False, initial="90")

    @property
    def expires_at(self) -> datetime | None:
        days = self.cleaned_data["lifetime"]
        return clock.now() + timedelta(days=int(days)) if days else None
