"""How long an organization keeps what it need not keep."""

from typing import Any

from django import forms

from console.forms.base import ConsoleForm
from kit.errors import FailedPrecondition, StonepineError
from orgs.kept import RULES, Kept
from orgs.models import Organization
from orgs.retention import usual_days

_ADVICE = {
    Kept.BACKUPS: "At most so many days, whatever their schedule says. Collections stay.",
    Kept.RESTORE_WINDOW: "How far back an index can be restored to any second, and for how long "
    "what was deleted from it is still there. 0: not at all.",
    Kept.FINISHED_JOBS: "",
    Kept.WEBHOOK_DELIVERIES: "What was sent, and what the receiver answered.",
    Kept.METRICS: "Requests, latencies and sizes. What usage is counted by stays.",
}


class RetentionForm(ConsoleForm):
    """A number of days for each; empty: as is usual. `is_forced` is shown once backups would go."""

    is_forced = forms.BooleanField(label="Delete the backups that are older", required=False)
    would_delete = False

    def __init__(self, *args: Any, organization: Organization, **kwargs: Any) -> None:
        initial = organization.retention_days
        super().__init__(*args, initial=initial, **kwargs)
        for kept, rule in RULES.items():
            usual = usual_days(organization, kept)
            most = rule.most if usual is None else min(usual, rule.most)
            told = "until somebody deletes them" if usual is None else f"{usual} days"
            self.fields[str(kept)] = forms.IntegerField(
                label=f"{rule.title} (days)",
                required=False,
                min_value=rule.least,
                max_value=max(most, rule.least),
                help_text=f"{rule.least} to {most}. Empty: {told}. {_ADVICE[kept]}",
                widget=forms.NumberInput(attrs={"class": "input"}),
            )

    @property
    def days(self) -> dict[str, int | None]:
        """As the verb takes it; only of a form without errors."""
        return {str(kept): self.cleaned_data[str(kept)] for kept in RULES}

    def refuse(self, error: StonepineError) -> None:
        self.would_delete = isinstance(error, FailedPrecondition) and "backups" in error.fields
        super().refuse(error)
