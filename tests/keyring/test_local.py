"""The keyring folder: its files, its modes, and what is left after a destruction."""

import base64
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID

import pytest

from keyring.data_keys import data_key_context, new_data_key, open_data_key
from keyring.local import LocalKeyring
from kit.environment import environment
from kit.errors import DataLoss, InvalidArgument, Unavailable
from kit.ids import new_id


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "keyring"


@pytest.fixture
def keyring(folder: Path) -> LocalKeyring:
    return LocalKeyring.create(folder)


@pytest.fixture
def project(keyring: LocalKeyring) -> UUID:
    project_id = new_id()
    keyring.create_key(project_id)
    return project_id


def all_bytes(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def test_everything_in_the_folder_is_private(
    folder: Path, keyring: LocalKeyring, project: UUID
) -> None:
    modes = {path.stat().st_mode & 0o777 for path in [folder, *folder.rglob("*")]}
    assert modes <= {0o700, 0o600}


def test_creating_twice_keeps_the_root_key(folder: Path, keyring: LocalKeyring) -> None:
    before = (folder / "root.key").read_bytes()
    LocalKeyring.create(folder)
    assert (folder / "root.key").read_bytes() == before
    assert len(before) == 32


def test_a_data_key_opens_after_a_restart(
    folder: Path, keyring: LocalKeyring, project: UUID
) -> None:
    key, wrapped = new_data_key(keyring, project)
    assert open_data_key(LocalKeyring(folder), project, 1, wrapped) == key
    assert key.secret not in wrapped
    assert key.secret not in all_bytes(folder)


def test_a_wrapped_key_opens_only_for_its_project_and_version(
    keyring: LocalKeyring, project: UUID
) -> None:
    other = new_id()
    keyring.create_key(other)
    _, wrapped = new_data_key(keyring, project)
    with pytest.raises(DataLoss):
        open_data_key(keyring, other, 1, wrapped)
    with pytest.raises(DataLoss):
        open_data_key(keyring, project, 2, wrapped)


def test_creating_a_projects_key_twice_keeps_the_first(
    keyring: LocalKeyring, project: UUID
) -> None:
    key, wrapped = new_data_key(keyring, project)
    keyring.create_key(project)
    assert open_data_key(keyring, project, 1, wrapped) == key


def test_a_destroyed_key_is_gone_for_good(
    folder: Path, keyring: LocalKeyring, project: UUID
) -> None:
    _, wrapped = new_data_key(keyring, project)
    sealed = (folder / "projects" / f"{project}.key").read_bytes()
    keyring.destroy_key(project)
    keyring.destroy_key(project)
    assert not keyring.has_key(project)
    assert sealed not in all_bytes(folder)
    with pytest.raises(DataLoss):
        open_data_key(keyring, project, 1, wrapped)
    keyring.create_key(project)
    with pytest.raises(DataLoss):
        open_data_key(keyring, project, 1, wrapped)


def test_destruction_overwrites_the_file_itself(
    folder: Path, keyring: LocalKeyring, project: UUID
) -> None:
    path = folder / "projects" / f"{project}.key"
    kept = folder / "projects" / "hard-link"
    os.link(path, kept)
    sealed = path.read_bytes()
    keyring.destroy_key(project)
    assert kept.read_bytes() != sealed


def test_a_project_file_moved_to_another_project_is_refused(
    folder: Path, keyring: LocalKeyring, project: UUID
) -> None:
    other = new_id()
    (folder / "projects" / f"{project}.key").rename(folder / "projects" / f"{other}.key")
    with pytest.raises(DataLoss):
        keyring.wrap(other, b"secret", context=b"")


@pytest.mark.parametrize("name", [".", "root.key", "projects"])
def test_what_others_may_read_is_refused(folder: Path, keyring: LocalKeyring, name: str) -> None:
    path = folder / name
    path.chmod(0o755 if path.is_dir() else 0o640)
    with pytest.raises(Unavailable, match="open to other users"):
        LocalKeyring(folder).check()


def test_a_project_key_that_others_may_read_is_refused(
    folder: Path, keyring: LocalKeyring, project: UUID
) -> None:
    (folder / "projects" / f"{project}.key").chmod(0o604)
    with pytest.raises(Unavailable, match="open to other users"):
        keyring.wrap(project, b"secret", context=b"")


@pytest.mark.parametrize("content", [b"", b"short", bytes(32), b"a" * 32, b"x" * 33])
def test_a_weak_root_key_is_refused(folder: Path, keyring: LocalKeyring, content: bytes) -> None:
    (folder / "root.key").write_bytes(content)
    with pytest.raises(Unavailable, match="not 32 random bytes") as refusal:
        LocalKeyring(folder)
    assert "xxx" not in str(refusal.value)


def test_a_missing_keyring_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="cannot be read"):
        LocalKeyring(tmp_path / "nowhere")


def test_check_notices_a_root_key_that_sealed_nothing_here(
    folder: Path, keyring: LocalKeyring, project: UUID
) -> None:
    keyring.check()
    (folder / "root.key").write_bytes(os.urandom(32))
    with pytest.raises(Unavailable, match="changed since the start"):
        keyring.check()
    with pytest.raises(DataLoss):
        LocalKeyring(folder).check()


def test_derived_keys_are_stable_and_apart(folder: Path, keyring: LocalKeyring) -> None:
    again = LocalKeyring(folder)
    assert keyring.derive("probe") == again.derive("probe")
    assert keyring.derive("probe") != keyring.derive("pepper/1")
    pepper_id, pepper = keyring.current_pepper()
    assert again.pepper(pepper_id) == pepper
    with pytest.raises(InvalidArgument):
        keyring.pepper(2)
    with pytest.raises(InvalidArgument):
        keyring.pepper(0)


def test_the_keyring_never_shows_its_root_key(folder: Path, keyring: LocalKeyring) -> None:
    assert (folder / "root.key").read_bytes().hex() not in repr(keyring) + str(vars(type(keyring)))


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[bytes], None]]:
    """Sets the root key in the environment."""

    def tell(root: bytes) -> None:
        monkeypatch.setenv("STONEPINE_ROOT_KEY", base64.b64encode(root).decode())
        environment.cache_clear()

    yield tell
    monkeypatch.undo()
    environment.cache_clear()


def test_the_root_key_may_come_by_the_environment(
    folder: Path, told: Callable[[bytes], None]
) -> None:
    root, project = os.urandom(32), new_id()
    told(root)
    keyring = LocalKeyring.create(folder)
    keyring.create_key(project)
    _, wrapped = new_data_key(keyring, project)
    assert not (folder / "root.key").exists()
    assert root not in all_bytes(folder)
    assert open_data_key(LocalKeyring(folder), project, 1, wrapped)
    told(os.urandom(32))
    with pytest.raises(DataLoss):
        open_data_key(LocalKeyring(folder), project, 1, wrapped)


def test_a_root_key_of_the_environment_is_refused_where_it_is_weak_or_another(
    folder: Path, told: Callable[[bytes], None]
) -> None:
    for weak in (b"a" * 32, os.urandom(31), bytes(range(15)) + bytes(17)):
        told(weak)
        with pytest.raises(Unavailable, match="is not 32 random bytes"):
            LocalKeyring.create(folder)
    told(b"")
    LocalKeyring.create(folder)
    told(os.urandom(32))
    with pytest.raises(Unavailable, match="another key"):
        LocalKeyring(folder)


def test_a_rotated_wrapping_key_wraps_and_the_one_before_opens_until_it_is_retired(
    keyring: LocalKeyring, folder: Path, project: UUID
) -> None:
    key, old = new_data_key(keyring, project)
    bound = data_key_context(project, 1)
    assert keyring.rotate_key(project) == 2
    new = keyring.wrap(project, key.secret, context=bound)
    assert [keyring.wrapping_version(project, one, context=bound) for one in (old, new)] == [1, 2]
    reopened = LocalKeyring(folder)
    assert open_data_key(reopened, project, 1, old) == open_data_key(reopened, project, 1, new)
    keyring.retire_keys(project)
    assert keyring.key_versions(project) == [2]
    assert open_data_key(reopened, project, 1, new) == key
    with pytest.raises(DataLoss):
        open_data_key(reopened, project, 1, old)
    keyring.create_key(project)
    assert keyring.key_versions(project) == [2], "one that is there stays"
    keyring.check()


def test_destroying_takes_every_version_and_leaves_other_projects_alone(
    keyring: LocalKeyring, project: UUID
) -> None:
    other = new_id()
    keyring.create_key(other)
    _, first = new_data_key(keyring, project)
    keyring.rotate_key(project)
    _, second = new_data_key(keyring, project, 2)
    keyring.destroy_key(project)
    assert not keyring.has_key(project)
    for version, wrapped in ((1, first), (2, second)):
        with pytest.raises(DataLoss):
            open_data_key(keyring, project, version, wrapped)
    assert keyring.key_versions(other) == [1]


def test_files_of_versions_cannot_stand_in_for_each_other(
    keyring: LocalKeyring, folder: Path, project: UUID
) -> None:
    _, wrapped = new_data_key(keyring, project)
    keyring.rotate_key(project)
    first, second = (folder / "projects" / f"{project}{n}.key" for n in ("", ".2"))
    second.write_bytes(first.read_bytes())
    first.unlink()
    with pytest.raises(DataLoss):
        open_data_key(keyring, project, 1, wrapped)
