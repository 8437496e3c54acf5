"""Which addresses may be reached."""

from ipaddress import ip_address

import pytest

from kit.destinations import AllowedDestination, parse_destinations
from kit.outbound.addresses import is_public, resolved
from kit.outbound.errors import AddressRefused, ExchangeFailed

Allowed = tuple[AllowedDestination, ...]


def may_go_to(address: str, allowed: Allowed = ()) -> bool:
    try:
        return bool(resolved(address, 443, allowed=allowed))
    except AddressRefused:
        return False


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.9.9.9", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254",
        "100.64.0.1", "0.0.0.0", "255.255.255.255", "224.0.0.1", "198.18.0.1", "192.0.2.1",  # noqa: S104
        "::1", "::", "fe80::1", "fc00::1", "ff02::1", "fd00:ec2::254", "::ffff:127.0.0.1",
        "::ffff:169.254.169.254", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::",
        "2001:db8::1", "fec0::1", "64:ff9b:1::a00:1", "::10.0.0.1", "::ffff:0:10.0.0.1",
    ],
)  # fmt: skip
def test_special_addresses_are_refused(address: str) -> None:
    assert not is_public(ip_address(address))
    assert not may_go_to(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "64:ff9b::808:808"])
def test_public_addresses_are_allowed(address: str) -> None:
    assert may_go_to(address)


@pytest.mark.parametrize("host", ["localhost", "127.1", "2130706433", "0x7f000001", "0"])
def test_names_and_odd_spellings_of_this_machine_are_refused(host: str) -> None:
    with pytest.raises(AddressRefused):
        resolved(host, 80, allowed=())


def test_what_does_not_resolve_is_a_failure_that_names_it() -> None:
    with pytest.raises(ExchangeFailed, match=r"nowhere\.invalid cannot be resolved"):
        resolved("nowhere.invalid", 80, allowed=())


def test_the_operator_may_allow_a_network() -> None:
    allowed = parse_destinations("127.0.0.0/8")
    assert may_go_to("127.0.0.1", allowed)
    assert may_go_to("::ffff:127.0.0.1", allowed)
    assert not may_go_to("10.0.0.1", allowed)


def test_the_operator_may_allow_a_name_at_a_port() -> None:
    allowed = parse_destinations("localhost:80")
    assert resolved("localhost", 80, allowed=allowed)
    for host, port in (("127.0.0.1", 80), ("localhost", 81)):
        with pytest.raises(AddressRefused):
            resolved(host, port, allowed=allowed)


def test_what_is_not_listed_may_be_refused_though_it_is_public() -> None:
    with pytest.raises(AddressRefused):
        resolved("8.8.8.8", 80, allowed=(), is_public_allowed=False)
    listed = parse_destinations("8.8.8.8")
    assert resolved("8.8.8.8", 80, allowed=listed, is_public_allowed=False)
