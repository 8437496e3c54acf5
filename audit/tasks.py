"""Celery's shells around the audit log's work."""

from celery import shared_task


@shared_task(name="audit.sign_heads")
def sign_heads() -> None:
    from audit.signing import sign_changed_heads

    sign_changed_heads()
