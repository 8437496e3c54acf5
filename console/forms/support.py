"""Asking to look at an organization, and letting the operator look."""

from django import forms

from console.forms.base import ConsoleForm, OnePageForm
from orgs.support import MAX_HOURS

_HOURS = (1, 4, 8, MAX_HOURS)


class SupportRequestForm(OnePageForm):
    reason = forms.CharField(
        label="What for",
        max_length=300,
        help_text="The organization's owners read it, and it is recorded in their audit log.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


class SupportGrantForm(ConsoleForm):
    reason = forms.CharField(
        label="What for",
        max_length=300,
        help_text="Recorded in the audit log: a ticket number, for example.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    hours = forms.TypedChoiceField(
        label="For how long",
        coerce=int,
        choices=[(hours, f"{hours} hour{'s' if hours > 1 else ''}") for hours in _HOURS],
        initial=4,
    )
