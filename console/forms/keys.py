"""Creating an API key: a name, what it may do, and how long."""

from datetime import datetime, timedelta

from django import forms

from access.permissions import Role
from console.forms.base import Advised, ConsoleForm
from console.key_roles import REACH_LABELS, Reach, roles_for
from kit import clock

_REACHES = [(str(reach), label) for reach, label in REACH_LABELS.items()]
_PRESETS = [
    ("all", Advised("All", "Create and delete indexes, read and write records.")),
    ("custom", Advised("Custom", "Choose for each plane what the key may do.")),
]
_LIFETIMES = [("", "Never"), ("30", "In 30 days"), ("90", "In 90 days"), ("365", "In a year")]


class KeyForm(ConsoleForm):
    name = forms.CharField(
        label="Name",
        max_length=80,
        help_text="Where the key will live, for example: ingest-worker.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "autofocus": True}),
    )
    preset = forms.ChoiceField(
        label="Permissions", choices=_PRESETS, initial="all", widget=forms.RadioSelect
    )
    control_plane = forms.ChoiceField(
        label="Control plane",
        choices=_REACHES,
        initial=Reach.NONE,
        required=False,
        widget=forms.RadioSelect,
    )
    data_plane = forms.ChoiceField(
        label="Data plane",
        choices=_REACHES,
        initial=Reach.READ_WRITE,
        required=False,
        widget=forms.RadioSelect,
    )
    lifetime = forms.ChoiceField(label="Expires", choices=_LIFETIMES, required=False)

    def clean(self) -> None:
        if self.cleaned_data.get("preset") == "custom" and not self.roles:
            self.add_error("preset", "A key that may do nothing is of no use: choose at least one.")

    @property
    def roles(self) -> list[Role]:
        """The roles chosen; only of a form without errors."""
        if self.cleaned_data.get("preset") == "all":
            return [Role.PROJECT_EDITOR]
        planes = ("control_plane", "data_plane")
        control, data = (Reach(self.cleaned_data.get(plane) or Reach.NONE) for plane in planes)
        return roles_for(control, data)

    @property
    def expires_at(self) -> datetime | None:
        days = self.cleaned_data["lifetime"]
        return clock.now() + timedelta(days=int(days)) if days else None
