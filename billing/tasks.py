"""Celery's shell around the upkeep of use."""

from celery import shared_task


@shared_task(name="billing.keep_up")
def keep_up() -> None:
    from billing.upkeep import carry_storage, forget_reporters

    carry_storage()
    forget_reporters()
