"""Celery's shells around mail and sessions: load, call, nothing else."""

from uuid import UUID

from celery import shared_task


@shared_task(name="accounts.send_letter", acks_late=True)
def send_letter(letter_id: str) -> None:
    from accounts.mailing import send_if_due

    send_if_due(UUID(letter_id))


@shared_task(name="accounts.send_letters")
def send_letters() -> None:
    """Send what a lost message left, and what the mail server did not take before."""
    from accounts.mailing import due_letters, send_if_due

    for letter_id in due_letters():
        send_if_due(letter_id)


@shared_task(name="accounts.sweep_sessions")
def sweep_sessions() -> None:
    from accounts.sessions import sweep

    sweep()
