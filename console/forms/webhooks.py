"""Webhooks: their address and what they hear, and how long an old secret stays good."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import groupby
from typing import Any

from django import forms

from console.forms.base import ConsoleForm
from webhooks.catalogue import EventType, offered

_OVERLAPS = [("24", "For a day"), ("1", "For an hour"), ("168", "For a week"), ("0", "Not at all")]
_NOUNS = {"api key": "API key", "sso": "Single sign-on"}
_PLAIN = {"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}


class WebhookForm(ConsoleForm):
    """`events` are offered by what they are about."""

    name = forms.CharField(
        label="Name",
        max_length=80,
        help_text="What listens there, for example: deploy bot.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "autofocus": True}),
    )
    url = forms.CharField(
        label="Address",
        max_length=2000,
        help_text="An https:// address that takes POST.",
        widget=forms.URLInput(attrs={**_PLAIN, "placeholder": "https://example.com/stonepine"}),
    )
    events = forms.MultipleChoiceField(
        label="Events", widget=forms.CheckboxSelectMultiple, required=False
    )

    def __init__(self, *args: Any, is_of_project: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._offered = offered(is_of_project=is_of_project)
        self.fields["events"].choices = [  # type: ignore[attr-defined] # a MultipleChoiceField
            (one.name, one) for one in self._offered
        ]

    def groups(self) -> Iterator[tuple[str, list[Any]]]:
        """The boxes by what their events are about, in the catalogue's order."""
        boxes = list(self["events"])
        nouns: dict[str, list[Any]] = {}
        for noun, found in groupby(boxes, key=_noun):
            nouns.setdefault(noun, []).extend(found)
        yield from nouns.items()


class RotateForm(ConsoleForm):
    overlap = forms.ChoiceField(
        label="Keep the old secret valid",
        choices=_OVERLAPS,
        help_text="Until then each delivery carries both signatures, and either verifies.",
    )

    @property
    def chosen(self) -> timedelta:
        return timedelta(hours=int(self.cleaned_data["overlap"]))


def _noun(box: Any) -> str:
    event: EventType = box.choice_label
    words = event.noun.replace("_", " ")
    return _NOUNS.get(words, words.capitalize())
