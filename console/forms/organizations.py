"""Founding an organization."""

from django import forms

from console.forms.base import ConsoleForm


class OrganizationForm(ConsoleForm):
    name = forms.CharField(
        label="Name",
        max_length=512,
        help_text="Your company or team. You can rename it later.",
        widget=forms.TextInput(attrs={"autocomplete": "organization", "autofocus": True}),
    )
