"""Which addresses may be reached: public ones, and those of the operator's list."""

import socket
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, ip_address, ip_network

from kit.destinations import Address, AllowedDestination
from kit.outbound.errors import AddressRefused, ExchangeFailed

_NAT64 = ip_network("64:ff9b::/96")
# Old and local forms that some routers still take to private places.
_ODD = tuple(
    map(ip_network, ("fec0::/10", "64:ff9b:1::/48", "::/96", "::ffff:0:0:0/96", "0.0.0.0/8"))
)

Allowed = Sequence[AllowedDestination]


@dataclass(frozen=True, slots=True)
class Resolved:
    """One address of a name, checked."""

    family: socket.AddressFamily
    address: str


def resolved(
    host: str, port: int, *, allowed: Allowed, is_public_allowed: bool = True
) -> list[Resolved]:
    """The addresses to connect to; refused if any that the name has is forbidden.

    Takes as long as the machine's resolver allows itself (resolv.conf).
    """
    found = looked_up(host, port)
    for one in found:
        address = _unwrapped(ip_address(one.address))
        is_listed = any(entry.permits(host, address, port) for entry in allowed)
        if not is_listed and not (is_public_allowed and is_public(address)):
            raise AddressRefused(f"{host} leads to an address that may not be reached.")
    return found


def looked_up(host: str, port: int) -> list[Resolved]:
    """All addresses of the name, unchecked: only for places that the operator named."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise ExchangeFailed(f"{host} cannot be resolved.") from error
    return [Resolved(family, str(place[0]).partition("%")[0]) for family, _, _, _, place in found]


def is_public(address: Address) -> bool:
    inner = _unwrapped(address)
    if any(inner in network for network in _ODD):
        return False
    return inner.is_global and not inner.is_multicast


def _unwrapped(address: Address) -> Address:
    """The IPv4 address inside an IPv6 one, where routers would take it out."""
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    teredo = address.teredo
    return address.ipv4_mapped or address.sixtofour or (teredo[1] if teredo else address)
