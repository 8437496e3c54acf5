"""Celery's shells around the upkeep of single sign-on."""

from uuid import UUID

from celery import shared_task


@shared_task(name="sso.read_metadata", acks_late=True)
def read_metadata(connection_id: str) -> None:
    from sso.metadata_upkeep import read_metadata as read

    read(UUID(connection_id))


@shared_task(name="sso.sweep")
def sweep() -> None:
    """Find the metadata that is to be read, one message each: a slow host holds up no other."""
    from sso.metadata_upkeep import connections_due, read_soon

    for connection_id in connections_due():
        read_soon(connection_id)


@shared_task(name="sso.keep_up")
def keep_up() -> None:
    """Hourly: proofs of domains, certificates that end, what is over. Whatever of it fails, in
    whichever way, holds up nothing else."""
    from sso.domains import domains_due, recheck
    from sso.upkeep import each_apart, forget_what_is_over, notice_ends

    each_apart(domains_due(), recheck)
    notice_ends()
    forget_what_is_over()
