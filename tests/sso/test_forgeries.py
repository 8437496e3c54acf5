"""More than a thousand forgeries made by rule: none is believed, none breaks the parser."""

from collections.abc import Callable, Iterator

import pytest

from sso.errors import SignOnRefused
from sso.parties import Assertion
from sso.response import verify_response
from tests.sso.factory import NOW, REQUEST, connection, encoded, made
from tests.sso.wrappings import (
    EVIL,
    flips,
    removals,
    response_wrappings,
    tamperings,
    wrappings,
)

FAMILIES: dict[str, Callable[[], Iterator[tuple[str, bytes]]]] = {
    "wrappings": wrappings,
    "responses in responses": response_wrappings,
    "tamperings": tamperings,
    "removals": removals,
    "flips": lambda: flips(400, seed=7),
}
LEAST = {
    "wrappings": 200, "responses in responses": 18, "tamperings": 600, "removals": 80, "flips": 400,
}  # fmt: skip


def outcome(xml: bytes) -> Assertion | None:
    """What was proven, None where it was refused; anything else that is raised fails the test."""
    try:
        return verify_response(encoded(xml), connection(), expected=REQUEST, now=NOW)
    except SignOnRefused:
        return None


@pytest.mark.parametrize("family", FAMILIES)
def test_no_forgery_is_believed(family: str) -> None:
    """What only changes unsigned trappings of the response may pass, and proves the same."""
    genuine = verify_response(encoded(made()), connection(), expected=REQUEST, now=NOW)
    tried = 0
    for name, xml in FAMILIES[family]():
        tried += 1
        proven = outcome(xml)
        assert proven is None or proven == genuine, name
    assert tried >= LEAST[family]


def test_no_wrapping_passes_at_all() -> None:
    for name, xml in wrappings():
        assert EVIL.encode() in xml, name
        assert outcome(xml) is None, name


@pytest.mark.nightly
@pytest.mark.timeout(3600)
def test_no_flip_is_believed() -> None:
    genuine = verify_response(encoded(made()), connection(), expected=REQUEST, now=NOW)
    for seed in range(50):
        for name, xml in flips(2_000, seed):
            assert outcome(xml) in (None, genuine), name
