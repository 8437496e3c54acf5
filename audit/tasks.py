"""Celery's shells around the audit log's work."""

from uuid import UUID

from celery import shared_task


@shared_task(name="audit.sign_heads")
def sign_heads() -> None:
    from audit.signing import sign_changed_heads

    sign_changed_heads()


@shared_task(name="audit.deliver", acks_late=True)
def deliver(stream_id: str) -> None:
    from audit.streams.delivery import deliver as send_what_is_due

    send_what_is_due(UUID(stream_id))


@shared_task(name="audit.sweep_streams")
def sweep_streams() -> None:
    """Find the streams with something to send, one message each: a slow one holds up no other."""
    from audit.streams.delivery import due_streams, forget_old_deliveries
    from audit.streams.schedule import deliver_soon

    for stream_id in due_streams():
        deliver_soon(stream_id)
    forget_old_deliveries()
