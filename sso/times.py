"""Instants of SAML messages against our clock: how much skew, how old at most."""

import re
from datetime import UTC, datetime, timedelta

from sso.errors import Fault, SignOnRefused

SKEW = timedelta(seconds=90)
MAX_AGE = timedelta(minutes=10)
# xs:dateTime in UTC, as SAML demands it.
_FORM = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d{1,9})?Z")


def instant(text: str | None, *, fault: Fault) -> datetime:
    """The instant that an attribute names; refused with `fault` where it names none."""
    form = _FORM.fullmatch(text or "")
    if form is None:
        raise SignOnRefused(fault, "An instant of the message is missing or not in UTC.")
    try:
        whole = datetime.fromisoformat(form[1])
    except ValueError:
        raise SignOnRefused(fault, "An instant of the message does not exist.") from None
    return whole.replace(tzinfo=UTC, microsecond=int((form[2] or ".0")[1:7].ljust(6, "0")))


def require_recent(text: str | None, *, now: datetime) -> datetime:
    """The instant of issue, which lies at most `MAX_AGE` back and not ahead of us."""
    issued = instant(text, fault=Fault.ISSUE_INSTANT)
    if not now - MAX_AGE - SKEW <= issued <= now + SKEW:
        raise SignOnRefused(
            Fault.ISSUE_INSTANT,
            f"The message was issued at {text}, and here it is {now:%Y-%m-%dT%H:%M:%SZ}: compare "
            "the clocks.",
        )
    return issued


def require_started(text: str | None, *, now: datetime) -> None:
    """Where a `NotBefore` is given it has passed."""
    if text is not None and instant(text, fault=Fault.NOT_YET_VALID) > now + SKEW:
        raise SignOnRefused(Fault.NOT_YET_VALID, f"The assertion is not valid before {text}.")


def require_not_over(text: str | None, *, now: datetime) -> None:
    """The given `NotOnOrAfter` lies ahead."""
    if instant(text, fault=Fault.EXPIRED) + SKEW <= now:
        raise SignOnRefused(Fault.EXPIRED, f"The assertion was valid until {text} only.")
