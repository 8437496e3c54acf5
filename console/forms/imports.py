"""Where an import's files lie, and what happens to records that cannot be read."""

from collections.abc import Sequence
from typing import Any

from django import forms

from console.forms.base import Advised, ConsoleForm
from indexes.models import StorageIntegration
from storage.import_uris import MAX_URI_LENGTH
from storage.imports import OnError

_MODES = [
    (
        str(OnError.CONTINUE),
        Advised("Leave them out", "They are counted, and the first are listed."),
    ),
    (
        str(OnError.ABORT),
        Advised("Stop", "The import fails at the first; what was imported stays."),
    ),
]


class ImportForm(ConsoleForm):
    uri = forms.CharField(
        label="Folder of Parquet files",
        max_length=MAX_URI_LENGTH,
        help_text="s3://bucket/folder, gs://bucket/folder, an Azure container's address, or a "
        "folder that the operator allows: file:///folder. Each folder in it becomes a namespace.",
        widget=forms.TextInput(
            attrs={"class": "mono", "autocomplete": "off", "spellcheck": "false"}
        ),
    )
    integration = forms.ChoiceField(label="Storage integration", required=False)
    on_error = forms.ChoiceField(
        label="Records that cannot be read",
        choices=_MODES,
        initial=str(OnError.CONTINUE),
        widget=forms.RadioSelect,
    )

    def __init__(
        self, *args: Any, integrations: Sequence[StorageIntegration], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        known = [(str(one.pk), f"{one.name} ({one.provider})") for one in integrations]
        choices = [("", "None: public files"), *known]
        self.offer("integration", choices)
