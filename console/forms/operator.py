"""What the operator decides about an organization."""

from django import forms

from console.forms.base import ConsoleForm
from orgs.plans import Plan


class FindForm(ConsoleForm):
    q = forms.CharField(
        label="Search organizations",
        required=False,
        max_length=100,
        widget=forms.SearchInput(
            attrs={"autocomplete": "off", "placeholder": "Name, id or address"}
        ),
    )


class PlanForm(ConsoleForm):
    plan = forms.ChoiceField(label="Plan", choices=[(str(plan), str(plan)) for plan in Plan])


class SuspendForm(ConsoleForm):
    """Members are told that it is suspended, and not why: the reason stands in its audit log."""

    reason = forms.CharField(
        label="Why",
        max_length=200,
        help_text="It stands in the organization's audit log.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
