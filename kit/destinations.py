"""Where Stonepine may go although it is no public address: the operator's list, entry by entry.

10.1.0.0/16 · audit=[fd00::9]:6514 · kms=vault.corp.example:8200 · sso=*.corp.example
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_LABEL = r"[a-z0-9_](?:[a-z0-9_-]*[a-z0-9])?"
_NAME = re.compile(rf"(?:\*\.)?{_LABEL}(?:\.{_LABEL})*")
_ENTRY = re.compile(r"(?:(?P<purpose>[a-z]+)=)?(?P<target>.+?)(?::(?P<port>\d{1,5}))?")
_BRACKETS = re.compile(r"\[(?P<address>[^\]]+)\](?P<rest>(?::\d{1,5})?)")


class Purpose(StrEnum):
    """What a connection is for: an entry of the list may hold for one of them alone."""

    AUDIT = "audit"
    KMS = "kms"
    SSO = "sso"
    WEBHOOKS = "webhooks"


@dataclass(frozen=True, slots=True)
class AllowedDestination:
    """A network, or a name with all that it resolves to; None: every purpose, every port."""

    target: Network | str
    purpose: Purpose | None = None
    port: int | None = None

    def is_for(self, purpose: Purpose) -> bool:
        return self.purpose in {None, purpose}

    def permits(self, host: str, address: Address, port: int) -> bool:
        """`address` is one that `host` resolves to."""
        if self.port not in {None, port}:
            return False
        if not isinstance(self.target, str):
            return address in self.target
        # A name never leads to the clouds' metadata services: only a network may say so.
        return not address.is_link_local and _is_named(self.target, host.lower().rstrip("."))


def parse_destinations(text: str) -> tuple[AllowedDestination, ...]:
    """Entries separated by commas. Raises `ValueError` that names the one that is none."""
    return tuple(_parsed(part.strip()) for part in text.split(",") if part.strip())


def _parsed(entry: str) -> AllowedDestination:
    found = _ENTRY.fullmatch(entry)
    if found is None:
        raise ValueError(f"{entry} is no destination")
    purpose = found["purpose"] and _purpose(found["purpose"])
    whole = entry.partition("=")[2] if purpose else entry
    if _is_network(whole):  # an IPv6 address without brackets: its last group is no port
        return AllowedDestination(_target(whole), purpose or None)
    bracketed = _BRACKETS.fullmatch(whole)
    if bracketed:
        port = bracketed["rest"].removeprefix(":")
        return AllowedDestination(_target(bracketed["address"]), purpose or None, _port(port))
    return AllowedDestination(_target(found["target"]), purpose or None, _port(found["port"]))


def _purpose(text: str) -> Purpose:
    try:
        return Purpose(text)
    except ValueError:
        raise ValueError(f"{text} is none of {', '.join(Purpose)}") from None


def _target(text: str) -> Network | str:
    if _is_network(text):
        return ip_network(text)
    # What looks like an address and is none would otherwise count as a name.
    if not _NAME.fullmatch(text.lower()) or re.fullmatch(r"[\d.]+", text):
        raise ValueError(f"{text} is neither a network nor the name of a host")
    return text.lower()


def _port(text: str | None) -> int | None:
    if not text:
        return None
    if not 1 <= int(text) <= 65_535:
        raise ValueError(f"{text} is no port")
    return int(text)


def _is_network(text: str) -> bool:
    try:
        ip_network(text)
    except ValueError:
        return False
    return True


def _is_named(pattern: str, host: str) -> bool:
    if pattern.startswith("*."):
        return host.endswith(pattern[1:])
    return host == pattern


def is_ip_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
