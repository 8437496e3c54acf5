"""Asking the workers for something soon, once the transaction has committed."""

from uuid import UUID

from django.db import transaction

# By then the sweep has sent the same hint again.
_EXPIRES_S = 60


def back_up_soon(backup_id: UUID) -> None:
    """As `reconcile_soon`, for a backup that is to be taken."""
    from indexes.tasks import back_up

    transaction.on_commit(
        lambda: back_up.apply_async((str(backup_id),), expires=_EXPIRES_S), robust=True
    )


def restore_soon(job_id: UUID) -> None:
    """As `reconcile_soon`, for a restore job."""
    from indexes.tasks import restore

    transaction.on_commit(
        lambda: restore.apply_async((str(job_id),), expires=_EXPIRES_S), robust=True
    )


def reconcile_soon(index_id: UUID) -> None:
    """A hint for the workers. A broker that is down does not fail the act: the sweep makes up."""
    from indexes.tasks import reconcile

    transaction.on_commit(
        lambda: reconcile.apply_async((str(index_id),), expires=_EXPIRES_S), robust=True
    )
