"""A probe token opens one index for a short while, and only with the installation's key."""

from uuid import UUID

import pytest

from access import probes

_KEY, _INDEX = b"k" * 32, UUID(int=7)


def test_a_token_opens_its_own_index() -> None:
    assert probes.verify([_KEY], probes.mint(_KEY, _INDEX), _INDEX)


def test_a_token_does_not_open_another_index() -> None:
    assert not probes.verify([_KEY], probes.mint(_KEY, _INDEX), UUID(int=8))


def test_a_token_of_another_key_is_refused() -> None:
    assert not probes.verify([_KEY], probes.mint(b"x" * 32, _INDEX), _INDEX)


def test_an_expired_token_is_refused() -> None:
    assert not probes.verify([_KEY], probes.mint(_KEY, _INDEX, ttl_s=-1), _INDEX)


@pytest.mark.parametrize("token", ["", ".", "..", "é", "a.b.c", "x" * 5000])
def test_a_stray_string_is_refused(token: str) -> None:
    assert not probes.verify([_KEY], token, _INDEX)


def test_a_token_whose_expiry_was_moved_is_refused() -> None:
    index, expiry, signature = probes.mint(_KEY, _INDEX).split(".")
    assert not probes.verify([_KEY], f"{index}.{int(expiry) + 60}.{signature}", _INDEX)
