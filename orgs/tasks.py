"""Celery's shells around the work of organizations."""

from celery import shared_task


@shared_task(name="orgs.forget_expired_tokens")
def forget_expired_tokens() -> None:
    from orgs import access_tokens

    access_tokens.forget_expired_tokens()
