"""The gateway's listeners, rendered from all rows: one file says which port leads where.

Gateways on other machines read the rows themselves (`cli.part_keeper`): nothing is published here.
"""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

import structlog
from django.db import connections, transaction

from gateway.listeners import GatewaySettings, IndexListener, publish, render_listeners
from indexes.addresses import local_door
from indexes.locks import Lock
from indexes.models import Index, IndexState
from kit import clock
from kit.environment import environment

_LOOK_EVERY_S = 0.05
_LOOK_TIMEOUT_S = 1.0
_TOLD = 20
_log = structlog.get_logger(__name__)


def publish_listeners() -> bool:
    """Bring the file in line with the rows; whether it changed.

    One writer at a time, and each reads the rows under the lock: an older picture never overwrites
    a newer one.
    """
    settings = GatewaySettings.of(environment())
    if settings.is_apart:
        return False
    with _alone():
        rows = Index.objects.using("system").exclude(state=IndexState.TERMINATING)
        listeners = [
            IndexListener(index_id, port)
            for index_id, port in rows.exclude(port=None).values_list("pk", "port")
            if port is not None
        ]
        return publish(settings.listeners_file, render_listeners(listeners, settings))


def wait_until_listening(timeout_s: float) -> bool:
    """Publish, and wait until the gateway listens for every index; False: the time was over."""
    if environment().has_parts:
        return True
    publish_listeners()
    rows = Index.objects.using("system").exclude(state=IndexState.TERMINATING)
    left = [local_door(index)[:2] for index in rows.exclude(port=None)]
    deadline, pause = clock.monotonic_s() + timeout_s, threading.Event()
    while left := [door for door in left if not _is_open(door)]:
        if clock.monotonic_s() > deadline:
            _log.warning("gateway_not_listening", ports=[port for _, port in left][:_TOLD])
            return False
        pause.wait(_LOOK_EVERY_S)
    return True


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


def _is_open(door: tuple[str, int]) -> bool:
    try:
        socket.create_connection(door, timeout=_LOOK_TIMEOUT_S).close()
    except OSError:
        return False
    return True


@contextmanager
def _alone() -> Iterator[None]:
    """A transaction of the system role that holds the lock on the file; may be nested."""
    with transaction.atomic(using="system"):
        with connections["system"].cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [Lock.WRITING_LISTENERS])
        yield
