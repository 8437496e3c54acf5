"""Creating, configuring and deleting an index."""

from typing import Any

from django import forms

from console.forms.base import ConsoleForm
from console.presets import METRICS

_MAX_DIMENSION = 20_000


class IndexForm(ConsoleForm):
    """What a new index needs; the verb checks every rule again."""

    name = forms.CharField(
        label="Name",
        max_length=45,
        help_text="Lowercase letters, digits and hyphens, at most 45. It cannot be changed later.",
        widget=forms.TextInput(
            attrs={
                "autocomplete": "off",
                "autocapitalize": "none",
                "spellcheck": "false",
                "autofocus": True,
            }
        ),
    )
    dimension = forms.IntegerField(
        label="Dimension",
        min_value=1,
        max_value=_MAX_DIMENSION,
        help_text="How many numbers your model puts into a vector.",
        widget=forms.NumberInput(attrs={"x-ref": "dimension", "autocomplete": "off"}),
    )
    metric = forms.ChoiceField(
        label="Metric", choices=METRICS, initial="cosine", widget=forms.RadioSelect
    )
    is_protected = forms.BooleanField(
        label="Deletion protection",
        required=False,
        help_text="The index cannot be deleted until this is switched off.",
    )

    @property
    def wish(self) -> dict[str, Any]:
        """What stands in the form right now, for the equivalent call; nothing is checked."""
        return {
            "name": self["name"].value() or "my-index",
            "dimension": self["dimension"].value() or 1536,
            "metric": self["metric"].value() or "cosine",
            "is_protected": bool(self["is_protected"].value()),
        }


class DeleteForm(ConsoleForm):
    """The name typed again: deleting is never one click."""

    confirmation = forms.CharField(
        label="Name", widget=forms.TextInput(attrs={"autocomplete": "off"})
    )

    def __init__(self, *args: Any, name: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.name = name
        field = self.fields["confirmation"]
        field.label = f"Type {name} to confirm"
        field.widget.attrs["data-confirm"] = name

    def clean_confirmation(self) -> str:
        typed: str = self.cleaned_data["confirmation"]
        if typed != self.name:
            raise forms.ValidationError(f"This is not the name: type {self.name}.")
        return typed
