"""The home folder: private, made once, with room for unix sockets however long its path is."""

import json
import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.errors import SetupError
from cli.home import Home
from cli.instance import InstanceLock, running, status


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    made = Home(tmp_path / "home")
    yield made
    if made.run_dir.parent == Path(tempfile.gettempdir()) and made.run_dir.is_dir():
        made.run_dir.rmdir()


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_folders_are_private(home: Home) -> None:
    home.create()
    folders = [home.path, *(entry for entry in home.path.iterdir() if entry.is_dir())]
    assert {mode(folder) for folder in folders} == {0o700}


def test_folder_that_was_open_is_closed(home: Home) -> None:
    home.path.mkdir(mode=0o755)
    home.path.chmod(0o755)
    home.create()
    assert mode(home.path) == 0o700


def test_secrets_are_made_once_and_private(home: Home) -> None:
    home.create()
    first = home.secrets()
    assert mode(home.path / "secrets.json") == 0o600
    assert home.secrets() == first
    kept = json.loads((home.path / "secrets.json").read_text())
    assert kept.pop("former_secret_key") == ""
    values = list(kept.values())
    assert len(set(values)) == len(values)
    assert min(map(len, values)) >= 32


def test_a_rotated_secret_key_keeps_the_former_one_until_it_is_retired(home: Home) -> None:
    home.create()
    before = home.secrets()
    home.rotate_secret_key()
    after = home.secrets()
    assert after.secret_key not in {before.secret_key, ""}
    assert after.former_secret_key == before.secret_key
    assert after.owner_password == before.owner_password
    assert home.retire_secret_key()
    assert home.secrets().former_secret_key == ""
    assert home.secrets().secret_key == after.secret_key
    assert not home.retire_secret_key()


def test_secrets_do_not_show_in_reprs(home: Home) -> None:
    home.create()
    known = home.secrets()
    assert known.valkey_password not in repr(known)


def test_new_kind_of_secret_is_added_to_an_old_home(home: Home) -> None:
    home.create()
    (home.path / "secrets.json").write_text(json.dumps({"owner_password": "kept"}))
    assert home.secrets().owner_password == "kept"
    assert home.secrets().secret_key


def test_damaged_file_is_named(home: Home) -> None:
    home.create()
    (home.path / "config.json").write_text("{")
    with pytest.raises(SetupError, match=r"config\.json is damaged"):
        home.remembered()


def test_short_home_keeps_its_sockets_inside() -> None:
    home = Home(Path("/srv/stonepine"))
    assert home.run_dir == Path("/srv/stonepine/run")


def test_long_home_moves_its_sockets_to_a_short_private_folder(tmp_path: Path) -> None:
    home = Home(tmp_path / ("x" * 90))
    assert home.run_dir.parent == Path(tempfile.gettempdir())
    assert len(os.fsencode(home.run_dir / "postgres" / ".s.PGSQL.5432.lock")) <= 107
    assert home.run_dir == Home(home.path).run_dir
    assert home.run_dir != Home(home.path / "other").run_dir
    home.create()
    assert mode(home.run_dir) == 0o700
    home.run_dir.rmdir()


def test_chosen_run_folder_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    home, chosen = Path("/srv/home"), Path("/srv/chosen")  # short, so that sockets fit
    monkeypatch.setenv("STONEPINE_RUN_DIR", str(chosen))
    assert Home.at(home).run_dir == chosen
    monkeypatch.delenv("STONEPINE_RUN_DIR")
    assert Home.at(home).run_dir == home / "run"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_folder_of_another_user_is_refused(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    home.path.mkdir()
    os.chown(home.path, 12345, 12345)
    with pytest.raises(SetupError, match="belongs to another user"):
        home.create()


def test_planted_link_in_place_of_the_short_folder_is_refused(tmp_path: Path) -> None:
    home = Home(tmp_path / ("y" * 90))
    (tmp_path / "trap").mkdir()
    home.run_dir.symlink_to(tmp_path / "trap")
    try:
        with pytest.raises(SetupError, match="belongs to another user"):
            home.create()
    finally:
        home.run_dir.unlink()


def test_home_below_a_file_says_what_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SetupError) as failure:
        Home(tmp_path / "file" / "home").create()
    assert "Cannot write" in failure.value.message
    assert failure.value.hint


def test_lock_is_held_by_one_and_says_by_whom(home: Home) -> None:
    home.create()
    assert running(home) is None
    lock = InstanceLock.take(home)
    lock.say(pid=4711, url="http://127.0.0.1:8080")
    with pytest.raises(SetupError) as failure:
        InstanceLock.take(home)
    assert "process 4711, http://127.0.0.1:8080" in failure.value.message
    assert "stonepine down" in failure.value.hint
    lock.release()
    InstanceLock.take(home).release()


def test_status_of_a_stopped_home_is_not_what_a_killed_supervisor_wrote(home: Home) -> None:
    home.create()
    home.remember(port=8123)
    home.status_file.write_text(json.dumps({"ready": True, "processes": [{"name": "web"}]}))
    said = status(home)
    assert said["ready"] is False
    assert said["processes"] == []
    assert said["port"] == 8123
    lock = InstanceLock.take(home)
    assert not home.status_file.exists()
    lock.release()


def test_a_link_in_place_of_the_run_folder_is_refused_untouched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "elsewhere"
    target.mkdir()
    target.chmod(0o755)
    (target / "status.json").write_text("theirs")
    planted = tmp_path / "run"
    planted.symlink_to(target)
    with pytest.raises(SetupError, match="belongs to another user"):
        Home(tmp_path / "home", planted).create()
    assert mode(target) == 0o755
    assert (target / "status.json").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give folders away")
def test_a_folder_of_somebody_else_keeps_its_mode(tmp_path: Path) -> None:
    theirs = tmp_path / "home"
    theirs.mkdir()
    theirs.chmod(0o755)
    os.chown(theirs, 54321, 54321)
    with pytest.raises(SetupError, match="belongs to another user"):
        Home(theirs).create()
    assert mode(theirs) == 0o755
