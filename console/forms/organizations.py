"""An organization's name: when it is founded, and later."""

from django import forms

from console.forms.base import ConsoleForm


class OrganizationForm(ConsoleForm):
    name = forms.CharField(
        label="Name",
        max_length=512,
        help_text="Your company or team, as people should read it.",
        widget=forms.TextInput(attrs={"autocomplete": "organization", "autofocus": True}),
    )
