"""API keys: a name, what the key may do, where and how long; and the forms of its later life."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django import forms

from access.permissions import Role
from console.forms.base import Advised, ConsoleForm
from console.key_roles import REACH_LABELS, Reach, roles_for
from indexes.models import Index
from kit import clock
from projects.key_bounds import Bounds

_REACHES = [(str(reach), label) for reach, label in REACH_LABELS.items()]
_PRESETS = [
    ("all", Advised("All", "Create and delete indexes, read and write records.")),
    ("custom", Advised("Custom", "Choose for each plane what the key may do.")),
]
_LIFETIMES = [("", "Never"), ("30", "In 30 days"), ("90", "In 90 days"), ("365", "In a year")]
_OVERLAPS = [("0", "At once"), ("1", "In a day"), ("7", "In 7 days"), ("30", "In 30 days")]


class LinesField(forms.CharField):
    """One value a line; blank lines are none."""

    def __init__(self, **options: Any) -> None:
        attrs = {"rows": 2, "autocomplete": "off", "spellcheck": "false"}
        super().__init__(required=False, widget=forms.Textarea(attrs=attrs), **options)

    def clean(self, value: Any) -> Any:
        lines = (line.strip() for line in super().clean(value).splitlines())
        return tuple(line for line in lines if line)


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
    index_ids = forms.MultipleChoiceField(
        label="Only these indexes", required=False, widget=forms.CheckboxSelectMultiple
    )
    namespaces = LinesField(
        label="Only these namespaces",
        help_text="One a line; __default__ is the default one. Others do not exist for the key.",
    )
    networks = LinesField(
        label="Only from these networks",
        help_text="One a line, for example 203.0.113.0/24 or 2001:db8::/32.",
    )
    lifetime = forms.ChoiceField(label="Expires", choices=_LIFETIMES, required=False)

    def __init__(self, *args: Any, indexes: Iterable[Index] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(str(index.pk), index.name) for index in indexes]
        self.offer("index_ids", choices)

    def clean(self) -> None:
        if self.cleaned_data.get("preset") == "custom" and not self.roles:
            self.add_error("preset", "A key that may do nothing is of no use: choose at least one.")

    @property
    def is_confined(self) -> bool:
        """Whether anything stands in the limits, right or wrong: then they are shown open."""
        return any(self[name].value() for name in ("index_ids", "namespaces", "networks"))

    @property
    def roles(self) -> list[Role]:
        """The roles chosen; only of a form without errors."""
        if self.cleaned_data.get("preset") == "all":
            return [Role.PROJECT_EDITOR]
        planes = ("control_plane", "data_plane")
        control, data = (Reach(self.cleaned_data.get(plane) or Reach.NONE) for plane in planes)
        return roles_for(control, data)

    @property
    def bounds(self) -> Bounds:
        return Bounds(
            tuple(UUID(index_id) for index_id in self.cleaned_data["index_ids"]),
            self.cleaned_data["namespaces"],
            self.cleaned_data["networks"],
        )

    @property
    def expires_at(self) -> datetime | None:
        days = self.cleaned_data["lifetime"]
        return clock.now() + timedelta(days=int(days)) if days else None


class RollForm(ConsoleForm):
    overlap = forms.ChoiceField(label="The old key ends", choices=_OVERLAPS, initial="7")

    @property
    def until(self) -> datetime | None:
        """None where it ends at once."""
        days = int(self.cleaned_data["overlap"])
        return clock.now() + timedelta(days=days) if days else None
