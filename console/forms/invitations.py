"""Asking people to join: their addresses, and the roles that they will hold."""

from typing import Any, cast

from django import forms
from django.http import QueryDict

from console.forms.grants import GrantsForm
from console.forms.keys import LinesField

_MAX_AT_ONCE = 50


class InvitationForm(GrantsForm):
    emails = LinesField(
        label="E-mail addresses", help_text=f"One a line, up to {_MAX_AT_ONCE} at once."
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        emails = self.fields["emails"]
        emails.required = True
        emails.error_messages["required"] = "Name at least one address."
        emails.widget.attrs.update(rows=3, autofocus=True)

    def clean_emails(self) -> tuple[str, ...]:
        emails: tuple[str, ...] = tuple(dict.fromkeys(self.cleaned_data["emails"]))
        if len(emails) > _MAX_AT_ONCE:
            raise forms.ValidationError(f"At most {_MAX_AT_ONCE} addresses at once.")
        return emails

    def keep(self, refused: dict[str, str]) -> None:
        """Show only the addresses that were refused, each with its reason: the others are done."""
        data = cast("QueryDict", self.data).copy()
        data["emails"] = "\n".join(refused)
        self.data = data
        for email, reason in refused.items():
            self.add_error("emails", f"{email}: {reason}")
