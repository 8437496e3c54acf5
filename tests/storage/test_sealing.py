"""Named sealed values while a data key is rotated."""

import pytest

from keyring.envelope import DataKey
from kit.errors import DataLoss
from kit.ids import new_id
from storage.sealing import resealed, seal_named, sealed_version, unseal_named

PROJECT = new_id()
OLD = DataKey(PROJECT, 1, b"\x01" * 32)
NEW = DataKey(PROJECT, 2, b"\x02" * 32, find={1: OLD}.get)
NAME = ("a purpose", new_id(), 7)


def test_a_newer_key_opens_what_an_older_version_sealed() -> None:
    sealed = seal_named(OLD, b"secret", *NAME)
    assert unseal_named(NEW, sealed, *NAME) == b"secret"
    assert sealed_version(sealed) == 1


def test_what_is_resealed_is_under_the_newest_version_and_under_its_name_only() -> None:
    sealed = resealed(NEW, seal_named(OLD, b"secret", *NAME), *NAME)
    assert sealed_version(sealed) == 2
    assert resealed(NEW, sealed, *NAME) is sealed
    assert unseal_named(NEW, sealed, *NAME) == b"secret"
    for other in (("a purpose", NAME[1], 8), ("another", NAME[1], 7)):
        with pytest.raises(DataLoss):
            unseal_named(NEW, sealed, *other)


def test_a_version_that_is_gone_or_relabelled_opens_nothing() -> None:
    sealed = seal_named(OLD, b"secret", *NAME)
    with pytest.raises(DataLoss, match="Version 1 of the key"):
        unseal_named(DataKey(PROJECT, 2, NEW.secret), sealed, *NAME)
    with pytest.raises(DataLoss, match="authenticate"):
        unseal_named(NEW, b"\0\0\0\2" + sealed[4:], *NAME)
    with pytest.raises(DataLoss, match="cut off"):
        unseal_named(NEW, sealed[:3], *NAME)
