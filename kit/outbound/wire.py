"""Connections to places that customers choose, without letting them choose our own network.

The name is resolved once, every address it has is checked, and one of those very addresses is
connected to: a second look-up could answer differently.
"""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPException

from kit.destinations import is_ip_address
from kit.environment import environment
from kit.outbound.addresses import Allowed, Resolved, looked_up, resolved
from kit.outbound.errors import AddressRefused, ExchangeFailed
from kit.outbound.places import Place
from kit.outbound.proxies import Proxy, tunnel

CONNECT_S = 5.0
# From the connection to the end of the answer, however slowly it drips.
EXCHANGE_S = 20.0


@contextmanager
def connected(
    place: Place,
    *,
    allowed: Allowed,
    proxy: Proxy | None = None,
    timeout_s: float = EXCHANGE_S,
    needs_tls: bool = False,
) -> Iterator[socket.socket]:
    """A connection that ends by itself when the time is over. Raises `ExchangeFailed`, also in
    place of what the network does to the one that uses it. `needs_tls`: what goes without it goes
    to what is `allowed` alone."""
    ends = _ends(place, allowed, proxy, is_public_allowed=place.is_tls or not needs_tls)
    hops = looked_up(proxy.host, proxy.port) if proxy else ends
    wire = raw = _dialled(hops, proxy.port if proxy else place.port, _named(place, proxy))
    is_over = threading.Event()
    # TLS takes the socket's descriptor over; by another one the connection can still be ended.
    grip = raw.dup()
    watch = threading.Timer(timeout_s, _end, [grip, is_over])
    watch.daemon = True
    try:
        watch.start()
        raw.settimeout(timeout_s)
        if proxy is not None:
            tunnel(raw, proxy, host=ends[0].address, port=place.port)
        if place.is_tls:
            wire = _encrypted(raw, place)
        yield wire
        if is_over.is_set():  # what was read may be half of it
            raise TimeoutError
    except ssl.SSLError as error:
        raise ExchangeFailed(f"TLS with {place.host} failed: {error.reason}.") from error
    except (OSError, HTTPException) as error:
        raise ExchangeFailed(f"{place.host} does not answer: {_kind(error)}.") from error
    finally:
        watch.cancel()
        grip.close()
        wire.close()


def _ends(
    place: Place, allowed: Allowed, proxy: Proxy | None, *, is_public_allowed: bool
) -> list[Resolved]:
    """Where the connection is to end. A proxy may be trusted to look up what we cannot."""
    try:
        return resolved(
            place.host, place.port, allowed=allowed, is_public_allowed=is_public_allowed
        )
    except AddressRefused:
        raise
    except ExchangeFailed:
        may_ask = proxy is not None and environment().outbound_proxy_resolves and is_public_allowed
        if not may_ask or is_ip_address(place.host):
            raise
        return [Resolved(socket.AF_UNSPEC, place.host)]


def _dialled(hops: list[Resolved], port: int, name: str) -> socket.socket:
    """Connected to the first address that takes the connection."""
    failure: OSError | None = None
    for hop in hops:
        raw = socket.socket(hop.family, socket.SOCK_STREAM)
        raw.settimeout(CONNECT_S)
        try:
            raw.connect((hop.address, port))
        except OSError as error:
            raw.close()
            failure = error
        else:
            return raw
    assert failure is not None, "a name that resolves has an address"
    raise ExchangeFailed(f"{name} does not answer: {_kind(failure)}.") from failure


def _named(place: Place, proxy: Proxy | None) -> str:
    return f"The proxy {proxy.host}" if proxy else place.host


def _encrypted(raw: socket.socket, place: Place) -> ssl.SSLSocket:
    trusted = ssl.create_default_context(cadata=place.ca or None)
    return trusted.wrap_socket(raw, server_hostname=place.host)


def _end(grip: socket.socket, is_over: threading.Event) -> None:
    is_over.set()
    try:
        grip.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # it is over already


def _kind(error: Exception) -> str:
    """The kind of failure, and nothing that the other side wrote."""
    return getattr(error, "strerror", None) or type(error).__name__
