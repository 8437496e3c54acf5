"""The way out: a name is resolved once, checked, and that very address is connected to.

Private, loopback, link-local (so the clouds' metadata services) and other special addresses are
refused, unless they lie in a network that the operator allows.
"""

import socket
import ssl
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

CONNECT_S = 5.0
# From the connection to the end of the answer, however slowly it drips.
EXCHANGE_S = 20.0
_MAX_ANSWER_BYTES = 64 * 1024
_NAT64 = ip_network("64:ff9b::/96")
# Old and local forms that some routers still take to private places.
_ODD = tuple(
    map(ip_network, ("fec0::/10", "64:ff9b:1::/48", "::/96", "::ffff:0:0:0/96", "0.0.0.0/8"))
)

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


class ExchangeFailed(Exception):
    """Nothing came of it. The text is fit for whoever named the place: it quotes no answer."""


class AddressRefused(ExchangeFailed):
    """The name leads where nothing may go."""


@dataclass(frozen=True, slots=True)
class Place:
    """A receiver: where, whether by TLS, and whose certificates are trusted ("": the system's)."""

    host: str
    port: int
    is_tls: bool = True
    ca: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; `body` is cut where it is longer than anybody may answer."""

    status: int
    body: bytes


def resolved(
    host: str, port: int, *, allowed: Sequence[Network], is_public_allowed: bool = True
) -> tuple[socket.AddressFamily, str]:
    """The one address to connect to; refused if any that the name has is forbidden."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise ExchangeFailed(f"{host} cannot be resolved.") from error
    for _, _, _, _, place in found:
        address = ip_address(str(place[0]).partition("%")[0])
        may_reach = is_allowed if is_public_allowed else is_within
        if not may_reach(address, allowed):
            raise AddressRefused(f"{host} leads to an address that may not be reached.")
    family, _, _, _, place = found[0]
    return family, str(place[0])


def is_allowed(address: Address, allowed: Sequence[Network]) -> bool:
    """Whether the address is public, or in one of those networks, which the operator allows."""
    inner = _unwrapped(address)
    if is_within(address, allowed):
        return True
    if any(inner in network for network in _ODD):
        return False
    return inner.is_global and not inner.is_multicast


def is_within(address: Address, networks: Sequence[Network]) -> bool:
    inner = _unwrapped(address)
    return any(inner in network for network in networks)


def _unwrapped(address: Address) -> Address:
    """The IPv4 address inside an IPv6 one, where routers would take it out."""
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    teredo = address.teredo
    return address.ipv4_mapped or address.sixtofour or (teredo[1] if teredo else address)


@contextmanager
def connected(
    place: Place,
    *,
    allowed: Sequence[Network],
    timeout_s: float = EXCHANGE_S,
    needs_tls: bool = False,
) -> Iterator[socket.socket]:
    """A connection that ends by itself when the time for an exchange is over. `needs_tls`: what
    goes without it goes to networks of `allowed` alone."""
    family, address = resolved(
        place.host, place.port, allowed=allowed, is_public_allowed=place.is_tls or not needs_tls
    )
    raw = socket.socket(family, socket.SOCK_STREAM)
    watch = threading.Timer(timeout_s, _end, [raw])
    watch.daemon = True
    try:
        raw.settimeout(CONNECT_S)
        raw.connect((address, place.port))
        watch.start()
        raw.settimeout(timeout_s)
        yield _encrypted(raw, place) if place.is_tls else raw
    except ssl.SSLError as error:
        raise ExchangeFailed(f"TLS with {place.host} failed: {error.reason}.") from error
    except (OSError, HTTPException) as error:
        raise ExchangeFailed(f"{place.host} does not answer: {_kind(error)}.") from error
    finally:
        watch.cancel()
        raw.close()


def exchange(
    method: str,
    url: str,
    body: bytes,
    *,
    headers: dict[str, str],
    allowed: Sequence[Network],
    ca: str = "",
    timeout_s: float = EXCHANGE_S,
    needs_tls: bool = False,
) -> Answer:
    """One request and its answer. Redirects are not followed."""
    parts = urlsplit(url)
    place = place_of(url, ca=ca)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    with connected(place, timeout_s=timeout_s, allowed=allowed, needs_tls=needs_tls) as wire:
        http = HTTPConnection(place.host, place.port)
        http.sock = wire
        try:
            http.request(method, target, body, {"Host": parts.netloc, **headers})
            answer = http.getresponse()
            return Answer(answer.status, answer.read(_MAX_ANSWER_BYTES))
        finally:
            http.close()


def place_of(url: str, *, ca: str = "") -> Place:
    """Of an http:// or https:// URL that was checked when it was stored."""
    parts = urlsplit(url)
    is_tls = parts.scheme == "https"
    return Place(parts.hostname or "", parts.port or (443 if is_tls else 80), is_tls, ca)


def _encrypted(raw: socket.socket, place: Place) -> ssl.SSLSocket:
    trusted = ssl.create_default_context(cadata=place.ca or None)
    # The wrapped socket takes the descriptor over: closing it closes the connection.
    return trusted.wrap_socket(raw, server_hostname=place.host)


def _end(raw: socket.socket) -> None:
    try:
        raw.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # it is over already


def _kind(error: Exception) -> str:
    """The kind of failure, and nothing that the other side wrote."""
    return getattr(error, "strerror", None) or type(error).__name__
