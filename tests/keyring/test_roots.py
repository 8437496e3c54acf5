"""The root key rotates: nothing is lost at any step, nothing is left behind, the old one ends."""

import base64
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from keyring.data_keys import data_key_context, new_data_key, open_data_key
from keyring.local import LocalKeyring
from keyring.roots import GRACE_S, RootSeal, SealedValue, sealed_file
from keyring.signing import SigningKeys
from kit.environment import environment
from kit.errors import DataLoss, FailedPrecondition, Unavailable
from kit.ids import new_id
from tests.support.mortality import is_killed


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "keyring"


@pytest.fixture
def keyring(folder: Path) -> LocalKeyring:
    """With a project's key in two versions, a second pepper and a signing key."""
    made = LocalKeyring.create(folder)
    made.create_key(PROJECT)
    made.rotate_key(PROJECT)
    made.peppers.rotate()
    signing_keys(made, folder).newest()
    return made


PROJECT = new_id()


def signing_keys(keyring: LocalKeyring, folder: Path) -> SigningKeys:
    return SigningKeys(folder, keyring.root_seal("signing keys"))


def all_values(keyring: LocalKeyring, folder: Path) -> list[SealedValue]:
    return [*keyring.sealed_files(), *signing_keys(keyring, folder).sealed_files()]


def rotate(folder: Path) -> None:
    """As `orgs.root_key` does, without its events."""
    keyring = LocalKeyring(folder)
    keyring.peppers.keep_first()
    if keyring.roots.former() is None:
        keyring.roots.rotate()
    for value in all_values(keyring, folder):
        value.reseal()


def long_ago(folder: Path) -> None:
    then = time.time() - GRACE_S - 1
    os.utime(folder / "root.key", (then, then))


def what_it_opens(keyring: LocalKeyring, folder: Path, wrapped: bytes) -> list[object]:
    return [
        open_data_key(keyring, PROJECT, 1, wrapped),
        keyring.pepper(1),
        keyring.pepper(2),
        signing_keys(keyring, folder).public_keys(),
    ]


def test_everything_opens_after_a_rotation_and_nothing_of_it_by_the_key_before(
    keyring: LocalKeyring, folder: Path
) -> None:
    _, wrapped = new_data_key(keyring, PROJECT)
    before = what_it_opens(keyring, folder, wrapped)
    old = (folder / "root.key").read_bytes()
    rotate(folder)
    for opened in (keyring, LocalKeyring(folder)):
        assert what_it_opens(opened, folder, wrapped) == before
        assert len(opened.roots.all()) == 2
    newest = keyring.roots.newest()
    assert {value.root_id() for value in all_values(keyring, folder)} == {newest.id}
    assert newest.secret != old
    long_ago(folder)
    keyring.roots.retire()
    keyring.roots.retire()
    for opened in (keyring, LocalKeyring(folder)):
        assert what_it_opens(opened, folder, wrapped) == before
        assert [root.id for root in opened.roots.all()] == [newest.id]
    assert old not in b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def test_a_rotation_that_is_killed_before_any_step_loses_nothing_and_is_gone_on_with(
    keyring: LocalKeyring, folder: Path
) -> None:
    _, wrapped = new_data_key(keyring, PROJECT)
    before = what_it_opens(keyring, folder, wrapped)
    step = 1
    while is_killed(lambda: rotate(folder), step):
        for opened in (keyring, LocalKeyring(folder)):
            assert what_it_opens(opened, folder, wrapped) == before, f"after step {step}"
        step += 1
    assert step > 8, "too few steps: the kills came to nothing"
    values = all_values(keyring, folder)
    assert {value.root_id() for value in values} == {keyring.roots.newest().id}
    assert len(values) == 5
    long_ago(folder)
    step = 1
    while is_killed(LocalKeyring(folder).roots.retire, step):
        assert what_it_opens(LocalKeyring(folder), folder, wrapped) == before, f"after step {step}"
        step += 1
    assert len(LocalKeyring(folder).roots.all()) == 1
    assert what_it_opens(LocalKeyring(folder), folder, wrapped) == before


def test_the_former_key_is_not_retired_while_somebody_may_be_sealing_under_it(
    keyring: LocalKeyring, folder: Path
) -> None:
    keyring.roots.rotate()
    with pytest.raises(FailedPrecondition, match="rotated just now"):
        keyring.roots.retire()
    with pytest.raises(FailedPrecondition, match="not retired yet"):
        keyring.roots.rotate()
    assert len(keyring.roots.all()) == 2


def test_a_key_that_was_destroyed_meanwhile_does_not_come_back(
    keyring: LocalKeyring, folder: Path
) -> None:
    values = list(keyring.sealed_files())
    keyring.destroy_key(PROJECT)
    keyring.roots.rotate()
    for value in values:
        value.reseal()
    assert not keyring.has_key(PROJECT)


def test_a_value_that_somebody_changed_meanwhile_stays_theirs(
    keyring: LocalKeyring, tmp_path: Path
) -> None:
    file, seal = tmp_path / "value", RootSeal(keyring.roots, "test")
    file.write_bytes(seal.seal(b"old", context=b""))
    (value,) = sealed_file("test", file, seal, b"")
    theirs = seal.seal(b"new", context=b"")
    file.write_bytes(theirs)
    keyring.roots.rotate()
    assert value.reseal()
    assert file.read_bytes() == theirs


def test_who_signs_and_who_verifies_need_not_hear_of_it_at_once(
    keyring: LocalKeyring, folder: Path
) -> None:
    before = keyring.derive("pass")
    LocalKeyring(folder).roots.rotate()
    assert keyring.derive("pass") != before
    assert keyring.derived("pass") == (keyring.derive("pass"), before)


class TestByTheEnvironment:
    @pytest.fixture(autouse=True)
    def forgotten(self) -> Iterator[None]:
        yield
        environment.cache_clear()

    def tell(self, patch: pytest.MonkeyPatch, root: bytes, former: bytes = b"") -> None:
        for name, value in (("STONEPINE_ROOT_KEY", root), ("STONEPINE_FORMER_ROOT_KEY", former)):
            patch.setenv(name, base64.b64encode(value).decode())
        environment.cache_clear()

    def test_the_former_key_is_told_too(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        old, new, project = os.urandom(32), os.urandom(32), new_id()
        self.tell(monkeypatch, old)
        keyring = LocalKeyring.create(folder)
        keyring.create_key(project)
        wrapped = keyring.wrap(project, b"x" * 32, context=data_key_context(project, 1))
        pepper = keyring.pepper(1)
        with pytest.raises(FailedPrecondition, match="yours to change"):
            keyring.roots.rotate()
        self.tell(monkeypatch, new, old)
        rotate(folder)
        with pytest.raises(FailedPrecondition, match="take STONEPINE_FORMER_ROOT_KEY away"):
            LocalKeyring(folder).roots.retire()
        self.tell(monkeypatch, new)
        after = LocalKeyring(folder)
        assert after.pepper(1) == pepper
        assert after.unwrap(project, wrapped, context=data_key_context(project, 1)) == b"x" * 32
        assert not list(folder.glob("root*"))

    def test_one_that_is_weak_is_refused(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.tell(monkeypatch, os.urandom(32), b"a" * 32)
        with pytest.raises(Unavailable, match="STONEPINE_FORMER_ROOT_KEY"):
            LocalKeyring.create(folder)


def test_without_both_keys_in_the_middle_something_stays_closed(
    keyring: LocalKeyring, folder: Path
) -> None:
    keyring.roots.rotate()
    (folder / "root.former.key").unlink()
    with pytest.raises(DataLoss):
        LocalKeyring(folder).check()
