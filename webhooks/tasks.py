"""Celery's shells around webhooks."""

from uuid import UUID

from celery import shared_task


@shared_task(name="webhooks.sweep")
def sweep() -> None:
    """Find what is to be delivered, one message for each webhook: a slow one holds up no other."""
    from webhooks.schedule import deliver_soon
    from webhooks.secret_store import seal_addresses
    from webhooks.sending import due_webhooks

    seal_addresses()
    for webhook_id in due_webhooks():
        deliver_soon(webhook_id)


@shared_task(name="webhooks.deliver", acks_late=True)
def deliver(webhook_id: str) -> None:
    from webhooks.sending import deliver as send_what_is_due

    send_what_is_due(UUID(webhook_id))


@shared_task(name="webhooks.forget_old_deliveries")
def forget_old_deliveries() -> None:
    from webhooks.sending import forget_old_deliveries as forget

    forget()
