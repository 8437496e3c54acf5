"""What narrows the audit log; each field is one of `audit.search.EventFilter`."""

from django import forms

from audit.actions import Action
from audit.models import Outcome
from console.forms.base import ConsoleForm

_ACTIONS = [("", "Any action"), *((str(one), str(one)) for one in sorted(Action))]
_OUTCOMES = [("", "Any outcome"), *((one, one.capitalize()) for one in Outcome.values)]


class AuditFilterForm(ConsoleForm):
    text = forms.CharField(label="Search", max_length=200, required=False)
    actor = forms.CharField(label="Who", max_length=254, required=False)
    action = forms.ChoiceField(label="Action", choices=_ACTIONS, required=False)
    outcome = forms.ChoiceField(label="Outcome", choices=_OUTCOMES, required=False)
    ip = forms.CharField(label="IP address", max_length=64, required=False)
    since = forms.DateField(
        label="From (UTC)", required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    until = forms.DateField(
        label="Before (UTC)", required=False, widget=forms.DateInput(attrs={"type": "date"})
    )

    @property
    def texts(self) -> dict[str, str]:
        """What was chosen, as `audit.search.parse_filter` takes it; only without errors."""
        return {name: str(value) for name, value in self.cleaned_data.items() if value}
