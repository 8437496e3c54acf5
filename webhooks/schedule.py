"""Asking the workers to deliver; a hint that is lost is made up for by the next sweep."""

from uuid import UUID

from django.db import transaction

# By then the sweep has sent the same hint again.
_EXPIRES_S = 10


def deliver_soon(webhook_id: UUID) -> None:
    from webhooks.tasks import deliver

    transaction.on_commit(
        lambda: deliver.apply_async((str(webhook_id),), expires=_EXPIRES_S), robust=True
    )
