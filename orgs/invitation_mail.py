"""The mail that carries an invitation's token to the invited address."""

import smtplib

import structlog
from django.core.mail import EmailMessage
from django.template.loader import render_to_string

from access.keys import PlainKey
from kit.environment import environment
from orgs.models import Invitation

_log = structlog.get_logger(__name__)
_MAX_NAME = 80


def invitation_link(plain: PlainKey) -> str:
    return f"{environment().base_url}/invite/{plain.value}"


def send_invitation(invitation: Invitation, plain: PlainKey) -> None:
    """Hand the mail over; where that fails the invitation stays, and can be resent."""
    organization = _one_line(invitation.organization.name)
    context = {
        "organization": organization,
        "inviter": _one_line(invitation.invited_by),
        "link": invitation_link(plain),
        "expires_at": invitation.expires_at,
    }
    message = EmailMessage(
        subject=f"You are invited to {organization} on Stonepine",
        body=render_to_string("invitations/mail.txt", context),
        to=[invitation.email],
    )
    try:
        message.send()
    except (smtplib.SMTPException, OSError):
        _log.exception("invitation_not_mailed", invitation_id=str(invitation.pk))


def _one_line(name: str) -> str:
    """A name fit for a header and for one line of text, whatever its owner typed."""
    line = " ".join("".join(letter if letter.isprintable() else " " for letter in name).split())
    return line if len(line) <= _MAX_NAME else f"{line[: _MAX_NAME - 1]}…"
