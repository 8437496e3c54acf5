"""Peppers rotate: the newest counts, older ones stay until they are retired."""

from pathlib import Path

import pytest

from keyring.local import LocalKeyring
from kit.errors import DataLoss, FailedPrecondition, InvalidArgument


@pytest.fixture
def keyring(tmp_path: Path) -> LocalKeyring:
    return LocalKeyring.create(tmp_path / "keyring")


def test_the_newest_pepper_counts_and_the_older_one_still_verifies(keyring: LocalKeyring) -> None:
    first_id, first = keyring.current_pepper()
    second_id = keyring.peppers.rotate()
    assert keyring.current_pepper() == (second_id, keyring.pepper(second_id))
    assert second_id == first_id + 1
    assert keyring.pepper(first_id) == first != keyring.pepper(second_id)


def test_a_second_process_has_the_same_peppers(keyring: LocalKeyring, tmp_path: Path) -> None:
    other = LocalKeyring(tmp_path / "keyring")
    other.current_pepper()
    keyring.peppers.rotate()
    assert other.current_pepper() == keyring.current_pepper()


@pytest.mark.parametrize("rotations", [1, 2])
def test_a_retired_pepper_is_gone_for_whoever_comes_later(
    keyring: LocalKeyring, tmp_path: Path, rotations: int
) -> None:
    for _ in range(rotations):
        keyring.peppers.rotate()
    keyring.peppers.retire(rotations)
    keyring.peppers.retire(rotations)
    for opened in (keyring, LocalKeyring(tmp_path / "keyring")):
        with pytest.raises(InvalidArgument, match="no pepper"):
            opened.pepper(rotations)
    assert rotations not in keyring.peppers.living_ids()
    assert not (tmp_path / "keyring" / "peppers" / f"{rotations}.key").exists()


def test_the_newest_pepper_cannot_be_retired(keyring: LocalKeyring) -> None:
    with pytest.raises(FailedPrecondition):
        keyring.peppers.retire(1)


def test_a_pepper_under_another_number_is_refused(keyring: LocalKeyring, tmp_path: Path) -> None:
    keyring.peppers.rotate()
    folder = tmp_path / "keyring" / "peppers"
    (folder / "2.key").rename(folder / "3.key")
    with pytest.raises(DataLoss):
        keyring.pepper(3)
