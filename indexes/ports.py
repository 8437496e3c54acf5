"""Ports of the machine that are given to indexes, one each, remembered, and rested after use."""

import socket
from datetime import timedelta
from uuid import UUID

from django.db import connection
from django.db.models import Q

from indexes.models import PortReservation
from kit import clock
from kit.environment import Addressing, environment
from kit.errors import ResourceExhausted

_REST = timedelta(minutes=5)
_LOCK = 0x5707_0001  # advisory locks are numbers; this one stands for "giving out ports"


def reserve_port(index_id: UUID) -> int | None:
    """The first free port, reserved within the caller's transaction; None where none is needed.

    Under a lock until the transaction ends. A port that another program listens on is passed over.
    """
    here = environment()
    if here.addressing is not Addressing.PORT:
        return None
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
    PortReservation.objects.filter(released_at__lt=clock.now() - _REST).delete()
    last = here.index_port_first + here.index_port_count
    taken = set(PortReservation.objects.values_list("port", flat=True))
    for port in range(here.index_port_first, last):
        if port not in taken and _can_be_bound(here.bind_host, port):
            PortReservation.objects.create(port=port, index_id=index_id)
            return port
    raise ResourceExhausted(
        f"All {here.index_port_count} index ports are in use or resting. Delete an index and wait "
        "five minutes, or raise STONEPINE_INDEX_PORT_COUNT.",
        retry_after_s=int(_REST.total_seconds()),
    )


def release_port(index_id: UUID) -> None:
    """Let the port rest. Part of the clearing away of an index, by the system role."""
    rows = PortReservation.objects.using("system").filter(Q(index_id=index_id, released_at=None))
    rows.update(released_at=clock.now())


def _can_be_bound(host: str, port: int) -> bool:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        # Without it connections of an earlier owner, still winding down, would block the port.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True
