"""The way out of audit streams: `kit.outbound`, with the networks that the operator allows them."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager

from kit import outbound
from kit.environment import environment
from kit.outbound import Place


def resolved(host: str, port: int) -> tuple[socket.AddressFamily, str]:
    return outbound.resolved(host, port, allowed=environment().audit_stream_networks_allowed)


@contextmanager
def connected(place: Place) -> Iterator[socket.socket]:
    allowed = environment().audit_stream_networks_allowed
    with outbound.connected(place, allowed=allowed) as wire:
        yield wire


def exchange(
    method: str,
    url: str,
    body: bytes,
    *,
    headers: dict[str, str],
    ca: str = "",
    timeout_s: float = outbound.EXCHANGE_S,
) -> int:
    """One request and its status; the answer's content is dropped."""
    allowed = environment().audit_stream_networks_allowed
    answer = outbound.exchange(
        method, url, body, headers=headers, ca=ca, timeout_s=timeout_s, allowed=allowed
    )
    return answer.status
