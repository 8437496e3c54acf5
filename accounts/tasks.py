"""Celery's shells around mail and sessions: load, call, nothing else."""

from celery import shared_task


@shared_task(
    name="accounts.send_letter", acks_late=True,
    autoretry_for=(OSError,), retry_backoff=5, retry_backoff_max=600, max_retries=8,
)  # fmt: skip
def send_letter(letter: str, to: str, facts: dict[str, str]) -> None:
    """A mail server that is down or refuses for now is asked again; SMTP's errors are OSErrors."""
    from accounts.letters import Letter, deliver

    deliver(Letter(letter), to, facts)


@shared_task(name="accounts.sweep_sessions")
def sweep_sessions() -> None:
    from accounts.sessions import sweep

    sweep()
