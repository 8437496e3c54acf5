"""Set-up, sign-up, sign-in and the pages of a person's own account."""

from typing import Any

from django import forms

from accounts.models import Theme
from accounts.passwords import MIN_LENGTH
from console.forms.base import ConsoleForm

_MAX_PASSWORD = 1024


def _password(label: str, *, is_new: bool = False, is_focused: bool = False) -> forms.CharField:
    attributes: dict[str, Any] = {"autocomplete": "current-password"}
    if is_new:
        attributes = {
            "autocomplete": "new-password",
            "minlength": MIN_LENGTH,
            "x-model": "password",
            "aria-describedby": "password-rules",
        }
    if is_focused:
        attributes["autofocus"] = True
    widget = forms.PasswordInput(attrs=attributes)
    return forms.CharField(label=label, strip=False, max_length=_MAX_PASSWORD, widget=widget)


def address_field(label: str = "E-mail address", **attributes: Any) -> forms.CharField:
    return forms.CharField(
        label=label,
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "username", **attributes}),
    )


def _name() -> forms.CharField:
    return forms.CharField(
        label="Your name",
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "name", "autofocus": True}),
    )


class SetupForm(ConsoleForm):
    """The first owner's account."""

    name = _name()
    email = address_field(**{"x-model": "email"})
    password = _password("Password", is_new=True)


class SignInForm(ConsoleForm):
    email = address_field(autofocus=True)
    password = _password("Password")


class AddressForm(ConsoleForm):
    """Where to send a link: signing up, or resetting a password."""

    email = address_field(autofocus=True)


class NewAccountForm(ConsoleForm):
    """The account of an address that is proven already."""

    name = _name()
    password = _password("Password", is_new=True)


class NewPasswordForm(ConsoleForm):
    password = _password("New password", is_new=True, is_focused=True)


class CodeForm(ConsoleForm):
    """A code of an authenticator app, or a recovery code."""

    code = forms.CharField(
        label="Code",
        max_length=32,
        widget=forms.TextInput(
            attrs={
                "autocomplete": "one-time-code",
                "inputmode": "numeric",
                "spellcheck": "false",
                "autofocus": True,
                "class": "mono",
            }
        ),
    )


class AppForm(CodeForm):
    """A new authenticator app: the secret it was given, and the code that it shows."""

    secret = forms.CharField(max_length=400, widget=forms.HiddenInput)


class ConfirmForm(ConsoleForm):
    password = _password("Password", is_focused=True)


class ProfileForm(ConsoleForm):
    name = forms.CharField(
        label="Name",
        max_length=200,
        help_text="How you appear to others and in the audit log.",
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    theme = forms.ChoiceField(
        label="Theme",
        choices=Theme.choices,
        help_text="Kept with your account; the switch at the top changes this browser only.",
    )


class EmailForm(ConsoleForm):
    email = address_field("New e-mail address")


class PasswordChangeForm(ConsoleForm):
    old = _password("Current password")
    password = _password("New password", is_new=True)


class PasskeyForm(ConsoleForm):
    """`credential` is filled in by the browser's ceremony."""

    name = forms.CharField(
        label="Name",
        max_length=80,
        required=False,
        help_text="Where the passkey lives, for example: work laptop.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    credential = forms.CharField(max_length=20_000, widget=forms.HiddenInput)
