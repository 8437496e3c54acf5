"""Asking the workers for something soon, once the transaction has committed."""

from uuid import UUID

from django.db import transaction

# By then the sweep has sent the same hint again.
_EXPIRES_S = 60


def reconcile_soon(index_id: UUID) -> None:
    """A hint for the workers. A broker that is down does not fail the act: the sweep makes up."""
    from indexes.tasks import reconcile

    transaction.on_commit(
        lambda: reconcile.apply_async((str(index_id),), expires=_EXPIRES_S), robust=True
    )
