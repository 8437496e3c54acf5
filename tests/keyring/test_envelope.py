"""Sealing, deriving and naming: published vectors, and every way to tamper."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyring import envelope
from keyring.envelope import DataKey, Part, context, encrypt, seal, unseal
from kit.errors import DataLoss
from kit.ids import new_id

KEY = b"\x05" * 32


@pytest.mark.parametrize(
    ("key", "aad", "expected"),
    [
        (b"\x01" * 32, b"", "ce546ef63c9cc60765923609b33a9a1974e96e52daf2fcf7075e2271"),
        (
            b"\x03" * 32,
            b"c2sp.org/XAES-256-GCM",
            "986ec1832593df5443a179437fd083bf3fdb41abd740a21f71eb769d",
        ),
    ],
    ids=["most significant bit clear", "most significant bit set"],
)
def test_the_cipher_agrees_with_the_vectors_of_its_specification(
    key: bytes, aad: bytes, expected: str
) -> None:
    sealed = encrypt(key, b"ABCDEFGHIJKLMNOPQRSTUVWX", b"XAES-256-GCM", aad)
    assert sealed.hex() == expected


@given(st.binary(max_size=300), st.binary(max_size=30))
def test_what_was_sealed_opens_again(plaintext: bytes, name: bytes) -> None:
    sealed = seal(KEY, plaintext, context=name)
    assert unseal(KEY, sealed, context=name) == plaintext
    assert len(sealed) == len(plaintext) + envelope.OVERHEAD_BYTES


def test_every_flipped_bit_is_noticed() -> None:
    sealed = seal(KEY, b"twelve bytes", context=b"here")
    for position in range(8 * len(sealed)):
        damaged = bytearray(sealed)
        damaged[position // 8] ^= 1 << position % 8
        with pytest.raises(DataLoss):
            unseal(KEY, damaged, context=b"here")


def test_every_truncation_is_noticed() -> None:
    sealed = seal(KEY, b"twelve bytes", context=b"here")
    for length in range(len(sealed)):
        with pytest.raises(DataLoss):
            unseal(KEY, sealed[:length], context=b"here")


def test_another_context_or_key_opens_nothing() -> None:
    sealed = seal(KEY, b"secret", context=context("a", 1))
    with pytest.raises(DataLoss):
        unseal(KEY, sealed, context=context("a", 2))
    with pytest.raises(DataLoss):
        unseal(b"\x06" * 32, sealed, context=context("a", 1))


def test_nonces_do_not_repeat() -> None:
    nonces = {seal(KEY, b"", context=b"")[1:25] for _ in range(2000)}
    assert len(nonces) == 2000


parts = st.lists(st.one_of(st.uuids(), st.text(), st.integers(-(2**63), 2**63 - 1), st.binary()))


@given(parts, parts)
def test_no_two_lists_of_parts_share_a_context(first: list[Part], second: list[Part]) -> None:
    are_alike = first == second and [type(a) for a in first] == [type(b) for b in second]
    assert (context(*first) == context(*second)) == are_alike


def test_keys_differ_by_project_version_purpose_and_part() -> None:
    project, part = new_id(), new_id()
    secret = b"s" * 32
    derived = {
        DataKey(project, 1, secret).derive("log", part),
        DataKey(project, 2, secret).derive("log", part),
        DataKey(new_id(), 1, secret).derive("log", part),
        DataKey(project, 1, secret).derive("segment", part),
        DataKey(project, 1, secret).derive("log", new_id()),
        DataKey(project, 1, secret).derive("log", part, 1),
    }
    assert len(derived) == 6
    assert {len(key) for key in derived} == {32}


def test_a_data_key_never_shows_its_secret() -> None:
    key = DataKey(new_id(), 1, b"do not print me, not even in part")
    assert "print" not in repr(key)
    assert "print" not in str(key)
