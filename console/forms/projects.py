"""Creating a project."""

from django import forms

from console.forms.base import ConsoleForm


class ProjectForm(ConsoleForm):
    name = forms.CharField(
        label="Name",
        max_length=512,
        help_text="As people say it; the address is made from it. For example: Search production.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "autofocus": True}),
    )
