"""Set-up and sign-in."""

from django import forms

from accounts.passwords import MIN_LENGTH
from console.forms.base import ConsoleForm


class SetupForm(ConsoleForm):
    """The first owner's account."""

    name = forms.CharField(
        label="Your name",
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "name", "autofocus": True}),
    )
    email = forms.CharField(
        label="E-mail address",
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "username", "x-model": "email"}),
    )
    password = forms.CharField(
        label="Password",
        strip=False,
        max_length=1024,
        widget=forms.PasswordInput(
            attrs={
                "autocomplete": "new-password",
                "minlength": MIN_LENGTH,
                "x-model": "password",
                "aria-describedby": "password-rules",
            }
        ),
    )


class SignInForm(ConsoleForm):
    email = forms.CharField(
        label="E-mail address",
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "username", "autofocus": True}),
    )
    password = forms.CharField(
        label="Password",
        strip=False,
        max_length=1024,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
