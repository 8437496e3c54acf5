"""The question who may do what, and why."""

from collections.abc import Iterable
from typing import Any

from django import forms

from access.permissions import Permission
from console.forms.base import ConsoleForm
from projects.models import Project


class AccessQuestionForm(ConsoleForm):
    who = forms.CharField(
        label="Who",
        max_length=254,
        help_text="An e-mail address, a service account's client id, or an API key's public id.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    permission = forms.ChoiceField(label="Permission", choices=[(one, one) for one in Permission])
    project = forms.ChoiceField(label="Where", required=False)
    index = forms.CharField(
        label="Index", max_length=45, required=False, help_text="By name, within the project."
    )

    def __init__(self, *args: Any, projects: Iterable[Project], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        places = [("", "The organization itself")]
        places += [(one.slug, f"Project {one.name}") for one in projects]
        self.fields["project"].choices = places  # type: ignore[attr-defined] # a ChoiceField
