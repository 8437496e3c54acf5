"""Asking the workers to deliver; a hint that is lost is made up for by the next sweep."""

from uuid import UUID

from django.db import transaction

_EXPIRES_S = 60


def deliver_soon(stream_id: UUID) -> None:
    from audit.tasks import deliver

    transaction.on_commit(
        lambda: deliver.apply_async((str(stream_id),), expires=_EXPIRES_S), robust=True
    )
