"""What ages by itself: certificates that end soon are told of, what is over is forgotten."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import TypeVar

import structlog
from django.db import models

from kit import clock
from orgs.tenancy import tenant
from sso.models import (
    Arrival,
    CertificateState,
    IdpCertificate,
    KeyPairState,
    SeenMessage,
    SignOnRequest,
    SpKeyPair,
    SsoSession,
)
from sso.notices import tell_owners

Row = TypeVar("Row", bound=models.Model)

_NOTICES = (30, 7, 1)
_log = structlog.get_logger(__name__)


def each_apart(rows: Iterable[Row], act: Callable[[Row], object]) -> None:
    """Do it with every row: rows are of different tenants, and what one of them breaks by stops
    nobody else's upkeep."""
    for row in rows:
        try:
            act(row)
        except Exception:  # noqa: BLE001 - whatever it is, the next row is somebody else's
            _log.exception("sso_not_kept_up", row=type(row).__name__, id=str(row.pk))


def notice_ends() -> None:
    """Tell owners 30, 7 and 1 days before a certificate ends, each once. Crosses tenants."""
    horizon = clock.now() + _days(_NOTICES[0])
    theirs = IdpCertificate.objects.using("system").select_related("connection__organization")
    each_apart(
        theirs.filter(not_after__lte=horizon).exclude(state=CertificateState.RETIRED),
        lambda certificate: _notice(certificate, "the certificate of your identity provider"),
    )
    ours = SpKeyPair.objects.using("system").select_related("connection__organization")
    each_apart(
        ours.filter(not_after__lte=horizon).exclude(state=KeyPairState.RETIRED),
        lambda pair: _notice(pair, "our own key pair, which signs requests and opens assertions,"),
    )


def forget_what_is_over() -> None:
    """Requests, arrivals, burnt ids and sessions past their time. Crosses tenants."""
    now = clock.now()
    SignOnRequest.objects.using("system").filter(expires_at__lte=now).delete()
    Arrival.objects.using("system").filter(expires_at__lte=now).delete()
    SeenMessage.objects.using("system").filter(remember_until__lte=now).delete()
    SsoSession.objects.using("system").filter(expires_at__lte=now).delete()


def _notice(row: IdpCertificate | SpKeyPair, what: str) -> None:
    step = _step(row.not_after, row.noticed_days)
    if step is None:
        return
    connection = row.connection
    with tenant(row.organization_id):
        rows = type(row).objects.filter(pk=row.pk)
        # Of two workers at once one counts.
        unsent = models.Q(noticed_days=None) | models.Q(noticed_days__gt=step)
        if rows.filter(unsent).update(noticed_days=step):
            tell_owners(
                connection.organization,
                f"On {row.not_after:%-d %b %Y} {what} of the connection {connection.name} ends. "
                "Nobody signs in by it afterwards: rotate it on the page of single sign-on",
            )


def _step(ends: datetime, noticed: int | None) -> int | None:
    """The nearest notice that is due and was not sent, in days."""
    due = [days for days in _NOTICES if ends <= clock.now() + _days(days)]
    if not due or ends <= clock.now():
        return None
    return None if noticed is not None and noticed <= due[-1] else due[-1]


def _days(count: int) -> timedelta:
    return timedelta(days=count)
