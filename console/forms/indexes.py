"""Creating, configuring and deleting an index."""

from typing import Any

from django import forms
from django.http import QueryDict

from console.forms.base import Advised, ConsoleForm
from console.presets import METRICS
from indexes.models import Index
from indexes.specification import pod_types_from

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


class TagForm(ConsoleForm):
    """One tag to set, or with `remove` one to take away."""

    key = forms.CharField(
        label="Key", max_length=80, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    value = forms.CharField(
        label="Value", max_length=120, required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )  # fmt: skip
    remove = forms.BooleanField(required=False, widget=forms.HiddenInput)

    def clean(self) -> None:
        if not self.cleaned_data.get("remove") and not self.cleaned_data.get("value"):
            self.add_error("value", "A tag needs a value.")

    @property
    def change(self) -> dict[str, str]:
        return {self.cleaned_data["key"]: "" if self._is_removed else self.cleaned_data["value"]}

    @property
    def saying(self) -> str:
        return "Tag removed" if self._is_removed else "Tag saved"

    @property
    def _is_removed(self) -> bool:
        return bool(self.cleaned_data["remove"])


class CapacityForm(ConsoleForm):
    """How many engines read: as they come, or so many of the index's own."""

    mode = forms.ChoiceField(
        label="Mode",
        choices=[
            ("OnDemand", Advised("On demand", "One engine reads, as load comes.")),
            ("Dedicated", Advised("Dedicated", "Replicas share queries, shards divide each.")),
        ],
        widget=forms.RadioSelect,
    )
    replicas = forms.IntegerField(
        label="Replicas",
        min_value=0,
        max_value=64,
        required=False,
        help_text="0 pauses the index: nobody reads or writes, and all of it stays.",
    )
    shards = forms.IntegerField(label="Shards", min_value=1, max_value=64, required=False)

    def __init__(self, *args: Any, part: dict[str, Any], **kwargs: Any) -> None:
        """`part` is what the index's spec says."""
        capacity = part.get("read_capacity") or {"mode": "OnDemand"}
        manual = capacity.get("dedicated", {}).get("manual", {"replicas": 1, "shards": 1})
        super().__init__(*args, initial={"mode": capacity["mode"], **manual}, **kwargs)

    def clean(self) -> None:
        if self.cleaned_data.get("mode") != "Dedicated":
            return
        for name in ("replicas", "shards"):
            if name not in self.errors and self.cleaned_data.get(name) is None:
                self.add_error(name, f"Say how many {name}.")

    @property
    def _wish(self) -> dict[str, Any]:
        """As the API takes it."""
        asked = self.cleaned_data
        if asked["mode"] == "OnDemand":
            return {"mode": "OnDemand"}
        manual = {"replicas": asked["replicas"], "shards": asked["shards"]}
        dedicated = {"node_type": "b1", "scaling": "Manual", "manual": manual}
        return {"mode": "Dedicated", "dedicated": dedicated}

    @property
    def change(self) -> dict[str, Any]:
        """As `configure_index` takes it."""
        return {"read_capacity": self._wish}


class PodsForm(ConsoleForm):
    """How many pods an index has, and of what size."""

    pod_type = forms.ChoiceField(label="Pod type", help_text="Pods grow and never shrink.")
    replicas = forms.IntegerField(label="Replicas", min_value=1, max_value=64)

    def __init__(self, *args: Any, part: dict[str, Any], **kwargs: Any) -> None:
        """`part` is what the index's spec says."""
        super().__init__(*args, initial=part, **kwargs)
        self.offer("pod_type", [(one, one) for one in pod_types_from(part["pod_type"])])

    @property
    def change(self) -> dict[str, Any]:
        """As `configure_index` takes it."""
        return {"pods": {**self.cleaned_data, "shards": None}}


def size_form(index: Index, posted: QueryDict | None = None) -> CapacityForm | PodsForm:
    """The form that says how many engines serve the index."""
    ((kind, part),) = index.spec.items()
    return (PodsForm if kind == "pod" else CapacityForm)(posted, part=part)
