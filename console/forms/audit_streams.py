"""Settings of audit streams, one form for each kind of receiver."""

from typing import Any, ClassVar

from django import forms

from audit.models import StreamKind
from console.forms.base import ConsoleForm

_PLAIN = {"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}


def _text(label: str, *, limit: int, help_text: str = "", required: bool = True) -> forms.CharField:
    return forms.CharField(
        label=label, max_length=limit, help_text=help_text, required=required,
        widget=forms.TextInput(attrs=_PLAIN),
    )  # fmt: skip


def _ca() -> forms.CharField:
    return forms.CharField(
        label="Certificate authority (PEM)",
        max_length=20_000,
        required=False,
        help_text="Where the receiver's certificate comes from a CA of your own.",
        widget=forms.Textarea(attrs={**_PLAIN, "rows": 3}),
    )


class StreamForm(ConsoleForm):
    """`named` are the fields of the form that are settings of the kind."""

    named: ClassVar[tuple[str, ...]] = ()
    name = forms.CharField(
        label="Name", max_length=80, widget=forms.TextInput(attrs={**_PLAIN, "autofocus": True})
    )

    @property
    def config(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in self.named}

    @property
    def given_secret(self) -> str:
        return str(self.cleaned_data.get("secret", ""))


class HttpForm(StreamForm):
    named = ("url", "ca")
    url = _text("Address", limit=2_000, help_text="An https:// address that takes POST.")
    ca = _ca()


class SyslogForm(StreamForm):
    named = ("host", "port", "tls", "ca")
    host = _text("Host", limit=253)
    port = forms.IntegerField(label="Port", min_value=1, max_value=65_535, initial=6_514)
    tls = forms.BooleanField(label="TLS", required=False, initial=True)
    ca = _ca()


class ObjectsForm(StreamForm):
    named = ("bucket", "region", "prefix", "endpoint", "access_key_id")
    bucket = _text("Bucket", limit=63)
    region = _text("Region", limit=40)
    # Django takes fields out of the class: nothing is overridden.
    prefix = _text("Prefix", limit=200, required=False)  # type: ignore[assignment]
    endpoint = _text(
        "Endpoint", limit=2_000, required=False, help_text="Of a compatible store; else AWS's own."
    )
    access_key_id = _text("Access key ID", limit=128)
    secret = forms.CharField(
        label="Secret access key",
        max_length=512,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )


class RewindForm(ConsoleForm):
    from_sequence = forms.IntegerField(
        label="From entry", min_value=1, help_text="Its number in the chain, as entries show it."
    )


FORMS: dict[str, type[StreamForm]] = {
    StreamKind.HTTP: HttpForm,
    StreamKind.SYSLOG: SyslogForm,
    StreamKind.S3: ObjectsForm,
}
