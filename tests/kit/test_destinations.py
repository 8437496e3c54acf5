"""The operator's list: what each entry lets through, and what is no entry."""

from ipaddress import ip_address

import pytest

from kit.destinations import Purpose, parse_destinations


def permits(entry: str, host: str, address: str, port: int = 443) -> bool:
    (found,) = parse_destinations(entry)
    return found.is_for(Purpose.AUDIT) and found.permits(host, ip_address(address), port)


@pytest.mark.parametrize(
    ("entry", "host", "address", "port", "expected"),
    [
        ("10.1.0.0/16", "x", "10.1.2.3", 443, True),
        ("10.1.0.0/16", "x", "10.2.2.3", 443, False),
        ("10.1.2.3", "x", "10.1.2.3", 1, True),
        ("10.1.0.0/16:6514", "x", "10.1.2.3", 6514, True),
        ("10.1.0.0/16:6514", "x", "10.1.2.3", 443, False),
        ("audit=10.1.0.0/16", "x", "10.1.2.3", 443, True),
        ("webhooks=10.1.0.0/16", "x", "10.1.2.3", 443, False),
        ("fd00::9", "x", "fd00::9", 1, True),
        ("fd00::/8", "x", "fd12::9", 1, True),
        ("[fd00::9]:6514", "x", "fd00::9", 6514, True),
        ("audit=[fd00::9]:6514", "x", "fd00::9", 443, False),
        ("logs.corp.example", "logs.corp.example", "10.9.9.9", 443, True),
        ("logs.corp.example", "LOGS.corp.example.", "10.9.9.9", 443, True),
        ("logs.corp.example", "evil-logs.corp.example", "10.9.9.9", 443, False),
        ("logs.corp.example:8200", "logs.corp.example", "127.0.0.1", 8200, True),
        ("logs.corp.example", "logs.corp.example", "169.254.169.254", 443, False),
        ("*.corp.example", "logs.corp.example", "10.9.9.9", 443, True),
        ("*.corp.example", "corp.example", "10.9.9.9", 443, False),
        ("*.corp.example", "logs-corp.example", "10.9.9.9", 443, False),
    ],
)
def test_an_entry_permits_what_it_says(
    entry: str, host: str, address: str, port: int, expected: bool
) -> None:
    assert permits(entry, host, address, port) is expected


@pytest.mark.parametrize(
    "text",
    [
        "10.1.0.0/33", "10.1.0.1/16", "10.1.0", "mail=10.0.0.1", "a b", "http://x", "x:0",
        "x:70000", "*", "*.*.x", "a..b", "[10.0.0.1", "x/y", "audit=",
    ],
)  # fmt: skip
def test_what_is_no_entry_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - each says something else
        parse_destinations(f"127.0.0.1, {text}")


def test_several_entries_stand_between_commas() -> None:
    assert len(parse_destinations(" 10.0.0.1, , audit=x.example ,")) == 2
