"""Ports of the machine that are given to indexes, one each, remembered, and rested after use."""

import socket
from datetime import timedelta
from uuid import UUID

from django.db import connection
from django.db.models import Q

from indexes.locks import Lock
from indexes.models import PortReservation
from kit import clock
from kit.environment import Addressing, Environment, environment
from kit.errors import QuotaExceeded, ResourceExhausted
from orgs.queries import is_only_organization

_REST = timedelta(minutes=5)
# The database holds the tenants to ten seconds; a little more allows for two clocks.
_SHORTEST_REST = timedelta(seconds=12)


def reserve_port(index_id: UUID, *, organization_id: UUID) -> int | None:
    """The first free port, reserved within the caller's transaction; None where none is needed.

    Under a lock until the transaction ends. Where none is free, the one that has rested longest.
    A port that another program listens on is passed over.
    """
    here = environment()
    if here.addressing is not Addressing.PORT:
        return None
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [Lock.GIVING_OUT_PORTS])
    PortReservation.objects.filter(released_at__lt=clock.now() - _REST).delete()
    _require_share(organization_id, here.index_port_count)
    for port in (*_free_ports(here), *_rested_ports(here)):
        if _can_be_bound(here.bind_host, port):
            PortReservation.objects.filter(port=port).delete()
            PortReservation.objects.create(port=port, index_id=index_id, held_by=organization_id)
            return port
    raise ResourceExhausted(
        f"All {here.index_port_count} index ports are in use or were until just now. Delete an "
        "index and try again in a moment, or raise STONEPINE_INDEX_PORT_COUNT.",
        retry_after_s=int(_SHORTEST_REST.total_seconds()),
    )


def _require_share(organization_id: UUID, ports: int) -> None:
    """No organization takes more than its share while there are others, who may want some too."""
    held, share = PortReservation.objects.filter(held_by=organization_id).count(), ports // 2
    if held >= share and not is_only_organization(organization_id):
        raise QuotaExceeded(
            f"Your organization holds {held} of the {ports} index ports here, and may hold {share}."
            " Delete an index and wait five minutes until its port has rested, or ask your "
            "operator to raise STONEPINE_INDEX_PORT_COUNT."
        )


def _free_ports(here: Environment) -> list[int]:
    taken = set(PortReservation.objects.values_list("port", flat=True))
    return [port for port in _range(here) if port not in taken]


def _rested_ports(here: Environment) -> list[int]:
    """Those that still rest but may be taken if need be, the longest rested first."""
    rows = PortReservation.objects.filter(released_at__lt=clock.now() - _SHORTEST_REST)
    ports = rows.order_by("released_at").values_list("port", flat=True)
    return [port for port in ports if port in _range(here)]


def _range(here: Environment) -> range:
    return range(here.index_port_first, here.index_port_first + here.index_port_count)


def release_port(index_id: UUID) -> None:
    """Let the port rest. Part of the clearing away of an index, by the system role."""
    rows = PortReservation.objects.using("system").filter(Q(index_id=index_id, released_at=None))
    rows.update(released_at=clock.now())


def _can_be_bound(host: str, port: int) -> bool:
    if environment().has_parts:
        return True  # it is other machines' ports, set aside for us there
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        # Without it connections of an earlier owner, still winding down, would block the port.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True
