"""Asking an index, browsing its records and changing them; vectors and filters come as text."""

import json
import math
import re
from collections.abc import Sequence
from typing import Any

from django import forms

from console.forms.base import ConsoleForm
from indexes.models import Index, Metric, VectorType
from indexes.records import Question
from protocol.from_reply import Namespace

_MOST_MATCHES = 200
_MAX_TEXT = 800_000
_BETWEEN_NUMBERS = re.compile(r"[\s,;]+")
_CODE = {"autocomplete": "off", "spellcheck": "false", "autocapitalize": "none"}


def _area(rows: int, **attrs: str) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows, "class": "mono", **_CODE, **attrs})


class JsonField(forms.CharField):
    """A JSON object, or nothing; `None` where nothing was typed."""

    def __init__(self, **options: Any) -> None:
        super().__init__(required=False, max_length=_MAX_TEXT, strip=True, **options)

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if not text:
            return None
        try:
            found = json.loads(text, parse_constant=_refuse_constant)
        except json.JSONDecodeError as error:
            place = f"line {error.lineno}, column {error.colno}"
            raise forms.ValidationError(f"This is no JSON: {error.msg} at {place}.") from None
        except (ValueError, RecursionError):
            raise forms.ValidationError("This is no JSON that can be read.") from None
        if not isinstance(found, dict):
            raise forms.ValidationError("This must be a JSON object: { … }.")
        return found


class VectorField(forms.CharField):
    """Numbers between commas or spaces, in brackets or not."""

    def __init__(self, **options: Any) -> None:
        super().__init__(required=False, max_length=_MAX_TEXT, **options)

    def clean(self, value: Any) -> Any:
        text = super().clean(value).strip().removeprefix("[").removesuffix("]").strip()
        if not text:
            return []
        try:
            numbers = [float(part) for part in _BETWEEN_NUMBERS.split(text) if part]
        except ValueError:
            raise forms.ValidationError("A vector is numbers, such as 0.12, -0.5, 3.") from None
        if not all(map(math.isfinite, numbers)):
            raise forms.ValidationError("A vector holds finite numbers only.")
        return numbers


class InNamespace(ConsoleForm):
    """Of one namespace: those that are known, and the one that was asked for."""

    namespace = forms.ChoiceField(label="Namespace", required=False)

    def __init__(
        self, *args: Any, index: Index, namespaces: Sequence[Namespace], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.index = index
        asked = self.data.get("namespace") or self.initial.get("namespace") or "__default__"
        names = list(dict.fromkeys([*(one.name for one in namespaces), str(asked)]))
        self.offer("namespace", [(name, name) for name in names])
        if namespaces and not self.initial.get("namespace"):
            largest = max(namespaces, key=lambda one: one.record_count)
            self.initial["namespace"] = largest.name

    def clean_namespace(self) -> str:
        return self.cleaned_data["namespace"] or "__default__"


class QueryForm(InNamespace):
    """One question, and for a comparison what the second one has of its own."""

    by = forms.ChoiceField(label="Ask with", widget=forms.RadioSelect, required=False)
    id = forms.CharField(
        label="Record ID", max_length=512, required=False,
        widget=forms.TextInput(attrs={"class": "mono", **_CODE}),
    )  # fmt: skip
    vector = VectorField(label="Vector", widget=_area(3))
    sparse = JsonField(
        label="Sparse vector", widget=_area(2, placeholder='{"indices": [7], "values": [0.5]}')
    )
    top_k = forms.IntegerField(
        label="Top k", min_value=1, max_value=_MOST_MATCHES, initial=10, required=False
    )
    filter = JsonField(label="Filter", widget=_area(2, placeholder='{"language": {"$eq": "en"}}'))
    include_values = forms.BooleanField(label="Include values", required=False)
    compare = forms.BooleanField(label="Compare with a second query", required=False)
    other_namespace = forms.ChoiceField(label="Namespace", required=False)
    other_filter = JsonField(label="Filter", widget=_area(2, placeholder="No filter"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        is_sparse = self.index.vector_type == VectorType.SPARSE
        by = ("sparse", "Sparse vector") if is_sparse else ("vector", "Vector")
        self.offer("by", [("id", "Record ID"), by])
        self.initial.setdefault("by", "id")
        self.is_hybrid = not is_sparse and self.index.metric == Metric.DOTPRODUCT
        same = self.fields["namespace"].choices  # type: ignore[attr-defined]
        self.fields["other_namespace"].choices = same  # type: ignore[attr-defined]
        self.initial.setdefault("other_namespace", self.initial.get("namespace"))
        dimension = self.index.dimension
        self.fields["vector"].widget.attrs["data-dimension"] = str(dimension or 0)
        self.fields["vector"].help_text = f"{dimension} numbers, between commas or spaces."

    def clean(self) -> None:
        by = self.cleaned_data.get("by") or "id"
        if by == "id" and not self.cleaned_data.get("id"):
            self.add_error("id", "Type the id of a record to ask with.")
        if by == "sparse" and "sparse" in self.cleaned_data and not self.cleaned_data["sparse"]:
            self.add_error("sparse", "Type indices and values to ask with.")
        if by == "vector" and "vector" in self.cleaned_data:
            self._check_dimension(len(self.cleaned_data["vector"]))

    def _check_dimension(self, count: int) -> None:
        dimension = self.index.dimension
        if count != dimension:
            self.add_error("vector", f"This index takes {dimension} numbers; these are {count}.")

    @property
    def question(self) -> Question:
        return self._question(self.cleaned_data["namespace"], self.cleaned_data["filter"])

    @property
    def other_question(self) -> Question | None:
        """What to compare with, where that was asked for."""
        if not self.cleaned_data["compare"]:
            return None
        namespace = self.cleaned_data["other_namespace"] or self.cleaned_data["namespace"]
        return self._question(namespace, self.cleaned_data["other_filter"])

    def _question(self, namespace: str, condition: dict[str, Any] | None) -> Question:
        asked = self.cleaned_data
        by = asked["by"] or "id"
        takes_sparse = by == "sparse" or (by == "vector" and self.is_hybrid)
        return Question(
            namespace=namespace,
            top_k=asked["top_k"] or 10,
            id=asked["id"] if by == "id" else "",
            vector=asked["vector"] if by == "vector" else [],
            sparse=asked["sparse"] if takes_sparse else None,
            filter=condition,
            include_values=asked["include_values"],
        )


class MapForm(InNamespace):
    """Which namespace is laid out, and the metadata field whose values divide its points."""

    colour = forms.ChoiceField(label="Colour by", required=False)

    def __init__(self, *args: Any, fields: Sequence[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        asked = self.data.get("colour")
        names = list(dict.fromkeys([*fields, *([str(asked)] if asked else [])]))
        choices = [("", "Whatever divides them best"), *((name, name) for name in names)]
        self.offer("colour", choices)

    @property
    def where(self) -> str:
        return str(self["namespace"].value() or "__default__")

    @property
    def field(self) -> str:
        """Empty where the map shall choose one."""
        return str(self["colour"].value() or "")


class BrowseForm(InNamespace):
    """Records by the beginning of their id, or by their metadata: the API knows no both."""

    begins = forms.CharField(
        label="ID begins with", max_length=512, required=False,
        widget=forms.TextInput(attrs={"class": "mono", **_CODE}),
    )  # fmt: skip
    filter = JsonField(
        label="Metadata filter",
        widget=forms.TextInput(
            attrs={"class": "mono", "placeholder": '{"language": {"$eq": "en"}}', **_CODE}
        ),
    )
    token = forms.CharField(required=False, max_length=1_024, widget=forms.HiddenInput)

    def clean(self) -> None:
        if self.cleaned_data.get("begins") and self.cleaned_data.get("filter"):
            self.add_error("filter", "Choose one: the beginning of the id, or a filter.")


class MetadataForm(ConsoleForm):
    """Fields that are set; those that are left out stay as they are."""

    metadata = JsonField(label="Metadata", widget=_area(10))

    def clean_metadata(self) -> dict[str, Any]:
        found: dict[str, Any] | None = self.cleaned_data["metadata"]
        if not found:
            raise forms.ValidationError("Set at least one field.")
        return found


class NamespaceForm(ConsoleForm):
    name = forms.CharField(
        label="Name", max_length=512, widget=forms.TextInput(attrs={**_CODE, "autofocus": True}),
        help_text="Printable ASCII characters. It cannot be changed later.",
    )  # fmt: skip
    fields_to_filter = forms.CharField(
        label="Filterable fields", required=False, max_length=4_000,
        widget=forms.TextInput(attrs=_CODE),
        help_text="Separated by commas. Left empty, filters may name every field.",
    )  # fmt: skip

    def clean_fields_to_filter(self) -> list[str]:
        parts = (part.strip() for part in self.cleaned_data["fields_to_filter"].split(","))
        return list(dict.fromkeys(part for part in parts if part))


def _refuse_constant(name: str) -> None:
    raise ValueError(name)
