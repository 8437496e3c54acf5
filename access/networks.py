"""Networks that a key may be used from: how they are written, and whether an address is in one."""

from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from kit.errors import InvalidArgument

Network = IPv4Network | IPv6Network


def parse_networks(texts: Iterable[str]) -> tuple[Network, ...]:
    """Each once, in order; a bare address is a network of one. Raises `InvalidArgument`."""
    return tuple(dict.fromkeys(_parsed(text.strip()) for text in texts))


def is_within(address: str | None, networks: Iterable[Network]) -> bool:
    """Whether the address lies in one of the networks; an unknown address lies in none."""
    try:
        found = ip_address(address or "")
    except ValueError:
        return False
    if isinstance(found, IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    return any(found in network for network in networks)


def _parsed(text: str) -> Network:
    try:
        return ip_network(text)
    except ValueError:
        pass
    try:
        meant = ip_network(text, strict=False)
    except ValueError:
        raise InvalidArgument(
            f"{text[:60]!r} is no network: write 10.0.0.0/8, 192.0.2.7 or 2001:db8::/32.",
            field="networks",
        ) from None
    raise InvalidArgument(
        f"{text} names an address within a network: write {meant} for the whole network.",
        field="networks",
    )
