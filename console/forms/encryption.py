"""A project's own encryption key: what each kind of provider must be told, and its secret."""

from typing import Any, ClassVar

from django import forms

from console.forms.base import ConsoleForm
from keyring.outer.kinds import FORMS, OuterKind

_CODE = {"autocomplete": "off", "spellcheck": "false"}


def _text(label: str, *, required: bool = True, hint: str = "", **options: Any) -> forms.CharField:
    widget = forms.TextInput(attrs=_CODE)
    return forms.CharField(label=label, required=required, help_text=hint, widget=widget, **options)


def _secret(label: str, *, hint: str = "") -> forms.CharField:
    """Never shown again, not even in a form that was refused."""
    widget = forms.PasswordInput(attrs={"autocomplete": "new-password"})
    return forms.CharField(label=label, required=False, help_text=hint, widget=widget)


def _long(label: str, hint: str) -> forms.CharField:
    widget = forms.Textarea(attrs={**_CODE, "rows": 4})
    return forms.CharField(label=label, required=False, help_text=hint, widget=widget)


_CA_HINT = "PEM. Trusted in place of the system's, for a provider with an authority of its own."


class _KeyForm(ConsoleForm):
    """Its fields are named as `keyring.outer.kinds` names settings and secrets."""

    kind: ClassVar[OuterKind]

    @property
    def settings(self) -> dict[str, object]:
        names = FORMS[self.kind].fields
        return {name: self.cleaned_data[name] for name in names if self.cleaned_data.get(name)}

    @property
    def secret(self) -> dict[str, object]:
        names = {name for way in FORMS[self.kind].secrets for name in way}
        return {name: self.cleaned_data[name] for name in names if self.cleaned_data.get(name)}


class VaultKeyForm(_KeyForm):
    kind = OuterKind.VAULT

    address = _text("Address", hint="For example https://vault.example.com:8200.")
    key = _text("Key", hint="The name of a key in the Transit engine.")
    mount = _text(
        "Mount", required=False, hint="Where the engine is mounted; transit if left empty."
    )
    namespace = _text("Namespace", required=False, hint="For Vault Enterprise or OpenBao.")
    token = _secret("Token", hint="Or the two IDs of an AppRole below.")
    role_id = _text("Role ID", required=False)
    secret_id = _secret("Secret ID")
    ca = _long("Certificate authority", _CA_HINT)


class AwsKeyForm(_KeyForm):
    kind = OuterKind.AWS_KMS

    key = _text("Key ARN", hint="arn:aws:kms:eu-central-1:111122223333:key/…")
    access_key_id = _text("Access key ID")
    secret_access_key = _secret("Secret access key")
    role_arn = _text("Role ARN", required=False, hint="Assumed before the key is used.")
    external_id = _text("External ID", required=False, hint="If the role asks for one.")


class GoogleKeyForm(_KeyForm):
    kind = OuterKind.GOOGLE_KMS

    key = _text(
        "Key",
        hint="projects/acme/locations/europe-west3/keyRings/ring/cryptoKeys/stonepine",
    )
    service_account_key = _long("Key of the service account", "The whole JSON file.")


KEY_FORMS: dict[str, type[_KeyForm]] = {
    form.kind.value: form for form in (VaultKeyForm, AwsKeyForm, GoogleKeyForm)
}
