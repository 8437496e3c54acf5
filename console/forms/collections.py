"""Collections: of which index, called what, and the index that is made of one."""

from collections.abc import Iterable
from typing import Any

from django import forms

from console.forms.base import ConsoleForm
from indexes.models import Index
from indexes.specification import MAX_NAME

_PLAIN = {"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}


def _name(label: str) -> forms.CharField:
    return forms.CharField(
        label=label,
        max_length=MAX_NAME,
        help_text="Lowercase letters, digits and hyphens, at most 45.",
        widget=forms.TextInput(attrs=_PLAIN),
    )


class CollectionForm(ConsoleForm):
    source = forms.ChoiceField(label="Index")
    name = _name("Name of the collection")

    def __init__(self, *args: Any, indexes: Iterable[Index], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["source"].choices = [  # type: ignore[attr-defined] # a ChoiceField
            (one.name, one.name) for one in indexes
        ]


class FromCollectionForm(ConsoleForm):
    name = _name("Name of the new index")
