"""The form, checksum and digest of secrets."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from access.keys import PlainKey, SecretKind, digest, matches, mint, parse
from kit.ids import BASE62

PEPPER = bytes(range(32))


@pytest.mark.parametrize("kind", SecretKind)
def test_a_minted_key_parses_back_to_itself(kind: SecretKind) -> None:
    key = mint(kind)
    assert parse(key.value) == key
    assert key.value.startswith(f"{kind}_{key.public_id}_")


@given(position=st.integers(min_value=0, max_value=59), letter=st.sampled_from(BASE62))
def test_a_changed_letter_is_refused_without_a_look_up(position: int, letter: str) -> None:
    key = mint(SecretKind.API_KEY).value
    changed = key[:position] + letter + key[position + 1 :]
    assert (parse(changed) is None) == (changed != key)


@given(st.text(max_size=200))
def test_random_text_is_no_key(text: str) -> None:
    assert parse(text) is None


def test_only_the_same_key_under_the_same_pepper_matches() -> None:
    key, other = mint(SecretKind.API_KEY), mint(SecretKind.API_KEY)
    stored = digest(key, PEPPER)
    assert len(stored) == 32
    assert matches(key, PEPPER, stored)
    assert not matches(other, PEPPER, stored)
    assert not matches(key, bytes(32), stored)


def test_a_key_never_shows_its_secret_when_printed() -> None:
    key = mint(SecretKind.API_KEY)
    assert key.value not in f"{key!r} {key}"
    assert isinstance(key, PlainKey)
