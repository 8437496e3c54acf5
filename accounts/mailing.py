"""Sending letters: each once, again where the mail server did not take it, for a day."""

from datetime import timedelta
from uuid import UUID

import structlog
from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction

from accounts.letters import Letter, written
from accounts.models import PendingLetter
from kit import clock

_FIRST_BACK_OFF_S, _LAST_BACK_OFF_S = 5, 600
_GIVEN_UP_AFTER = timedelta(days=1)
_AT_ONCE = 100
_log = structlog.get_logger(__name__)


def due_letters() -> list[UUID]:
    """Letters whose time has come, the longest waiting first."""
    rows = PendingLetter.objects.using("system").filter(next_attempt_at__lte=clock.now())
    return list(rows.order_by("next_attempt_at", "pk").values_list("pk", flat=True)[:_AT_ONCE])


def send_if_due(letter_id: UUID) -> bool:
    """Whether it was sent now; not where another worker is just sending it, or has."""
    with transaction.atomic("system"):
        rows = PendingLetter.objects.using("system").select_for_update(skip_locked=True)
        pending = rows.filter(pk=letter_id, next_attempt_at__lte=clock.now()).first()
        if pending is None:
            return False
        try:
            _send(pending)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is tried again
            _postpone(pending, error)
            return False
        pending.delete(using="system")
    return True


def _send(pending: PendingLetter) -> None:
    text = written(Letter(pending.letter), pending.to, pending.facts)
    if text is None:
        return
    subject, _, body = text.strip().partition("\n")
    sender = settings.DEFAULT_FROM_EMAIL
    EmailMessage(subject.strip(), body.lstrip(), sender, [pending.to]).send()


def _postpone(pending: PendingLetter, error: Exception) -> None:
    """Twice as long after each failure. The error's text may quote the letter: its type is told."""
    told = {"letter": pending.letter, "letter_id": str(pending.pk), "error": type(error).__name__}
    if pending.created_at <= clock.now() - _GIVEN_UP_AFTER:
        _log.error("letter_given_up", **told)
        pending.delete(using="system")
        return
    pause_s = min(_FIRST_BACK_OFF_S * 2 ** min(pending.attempts, 20), _LAST_BACK_OFF_S)
    pending.attempts += 1
    pending.next_attempt_at = clock.now() + timedelta(seconds=pause_s)
    pending.save(using="system", update_fields=["attempts", "next_attempt_at"])
    _log.warning("letter_not_sent", attempts=pending.attempts, **told)
