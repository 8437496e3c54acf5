"""Signing keys: made at need, numbered, sealed in the keyring, and old ones keep verifying."""

from pathlib import Path

import pytest

from keyring.local import LocalKeyring
from keyring.signing import SigningKeys, is_signed
from kit.errors import DataLoss, Unavailable


@pytest.fixture
def keys(tmp_path: Path) -> SigningKeys:
    return opened(tmp_path)


def opened(folder: Path) -> SigningKeys:
    return SigningKeys(folder, LocalKeyring.create(folder / "ring").root_seal("signing keys"))


def test_what_the_newest_key_signs_verifies_with_its_public_key(keys: SigningKeys) -> None:
    key = keys.newest()
    signature = key.sign(b"head")
    assert is_signed(keys.public_keys()[key.id], b"head", signature)
    assert not is_signed(keys.public_keys()[key.id], b"another", signature)
    assert not is_signed(bytes(32), b"head", signature)
    assert not is_signed(b"short", b"head", signature)


def test_rotation_makes_the_next_key_and_keeps_the_old_one(keys: SigningKeys) -> None:
    first = keys.newest()
    assert keys.newest().id == first.id == 1
    assert keys.rotate() == 2
    assert keys.newest().id == 2
    assert is_signed(keys.public_keys()[1], b"head", first.sign(b"head"))


def test_a_key_lies_sealed_and_opens_only_with_its_keyring(
    keys: SigningKeys, tmp_path: Path
) -> None:
    keys.newest()
    with pytest.raises(DataLoss):
        SigningKeys(
            tmp_path, LocalKeyring.create(tmp_path / "other").root_seal("signing keys")
        ).newest()


def test_a_key_that_others_can_read_is_refused(keys: SigningKeys, tmp_path: Path) -> None:
    keys.newest()
    (tmp_path / "signing" / "1.key").chmod(0o644)
    with pytest.raises(Unavailable, match="open to other users"):
        keys.newest()


def test_a_key_does_not_show_its_secret(keys: SigningKeys) -> None:
    assert "private" not in repr(keys.newest()).lower()
