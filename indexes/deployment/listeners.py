"""The gateway's listeners, rendered from all rows: one file says which port leads where."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from django.db import connections, transaction

from gateway.listeners import GatewaySettings, IndexListener, publish, render_listeners
from indexes.locks import Lock
from indexes.models import Index, IndexState
from kit.environment import environment


def publish_listeners() -> bool:
    """Bring the file in line with the rows; whether it changed.

    One writer at a time, and each reads the rows under the lock: an older picture never overwrites
    a newer one.
    """
    settings = GatewaySettings.of(environment())
    with _alone():
        rows = Index.objects.using("system").exclude(state=IndexState.TERMINATING)
        listeners = [
            IndexListener(index_id, port)
            for index_id, port in rows.exclude(port=None).values_list("pk", "port")
            if port is not None
        ]
        return publish(settings.listeners_file, render_listeners(listeners, settings))


def publish_index(index_id: UUID, *, is_wanted: bool) -> None:
    """Have the gateway lead to the index, or no longer; nothing where a neighbour's call did it."""
    with _alone():
        if is_published(index_id) != is_wanted:
            publish_listeners()


def is_published(index_id: UUID) -> bool:
    """Whether the gateway's file leads to the index."""
    try:
        content = GatewaySettings.of(environment()).listeners_file.read_bytes()
    except FileNotFoundError:
        return False
    return str(index_id).encode() in content


@contextmanager
def _alone() -> Iterator[None]:
    """A transaction of the system role that holds the lock on the file; may be nested."""
    with transaction.atomic(using="system"):
        with connections["system"].cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [Lock.WRITING_LISTENERS])
        yield
