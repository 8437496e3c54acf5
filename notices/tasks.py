"""Celery's shell around notices."""

from celery import shared_task


@shared_task(name="notices.settle")
def settle() -> None:
    from notices.settlement import settle as look_and_settle

    look_and_settle()
