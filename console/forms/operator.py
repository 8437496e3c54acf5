"""What the operator decides about an organization."""

from typing import Any

from django import forms

from billing.caps import PRESET, MonthlyUnits
from billing.models import Caps
from console.forms.base import ConsoleForm, OnePageForm
from orgs.plans import Plan
from storage.rate_limits import OF_INDEX, PINECONE_RATES, RateLimit


class FindForm(ConsoleForm):
    q = forms.CharField(
        label="Search organizations",
        required=False,
        max_length=100,
        widget=forms.SearchInput(
            attrs={"autocomplete": "off", "placeholder": "Name, ID or address"}
        ),
    )


class PlanForm(ConsoleForm):
    plan = forms.ChoiceField(label="Plan", choices=[(str(plan), str(plan)) for plan in Plan])


class SuspendForm(OnePageForm):
    """Members are told that it is suspended, and not why: the reason stands in its audit log."""

    reason = forms.CharField(
        label="Why",
        max_length=200,
        help_text="Recorded in the organization's audit log.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


def _amount(label: str, *, least: int) -> forms.IntegerField:
    return forms.IntegerField(
        label=label,
        required=False,
        min_value=least,
        widget=forms.NumberInput(attrs={"placeholder": "no cap", "inputmode": "numeric"}),
    )


class CapsForm(ConsoleForm):
    """What is left empty is bounded by capacity alone. Saving replaces all caps."""

    read = _amount("Read units a month", least=0)
    write = _amount("Write units a month", least=0)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for limit in RateLimit:
            words = str(limit).replace("-", " ").capitalize()
            self.fields[limit] = _amount(f"{words} a second", least=1)
            self.fields[limit].widget.attrs["class"] = "input"

    @classmethod
    def showing(cls, caps: Caps) -> "CapsForm":
        units = {"read": caps.read_units_per_month, "write": caps.write_units_per_month}
        return cls(initial={**units, **caps.rates})

    @classmethod
    def preset(cls, plan: Plan) -> "CapsForm":
        """Filled in, not saved: with what Pinecone gives that plan."""
        units = PRESET[plan]
        rates = {str(name): rate for name, rate in PINECONE_RATES.items()}
        return cls(initial={"read": units.read, "write": units.write, **rates})

    @property
    def of_namespaces(self) -> list[Any]:
        return [self[limit] for limit in RateLimit if limit not in OF_INDEX]

    @property
    def of_indexes(self) -> list[Any]:
        return [self[limit] for limit in RateLimit if limit in OF_INDEX]

    @property
    def wish(self) -> dict[str, Any]:
        """What `billing.caps.set_caps` takes."""
        given = self.cleaned_data
        rates = {str(one): given[one] for one in RateLimit if given.get(one) is not None}
        return {"units": MonthlyUnits(given["read"], given["write"]), "rates": rates}
