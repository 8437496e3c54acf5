"""Dumps as files: sealed, private, whole or refused."""

import random
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.dump_file import DumpFile, Header, write_dump
from cli.errors import SetupError
from keyring.local import LocalKeyring
from kit.errors import DataLoss

HEADER = Header("2026-11-26T07:00:00+00:00", [("orgs", "0001_orgs")])
DATABASE = [b"rows of a tenant " * 100_000, b"and the end"]


@pytest.fixture
def keyring(tmp_path: Path) -> LocalKeyring:
    return LocalKeyring.create(tmp_path / "keyring")


def written(folder: Path, keyring: LocalKeyring) -> Path:
    path = folder / "a.dump"
    write_dump(path, keyring, HEADER, iter(DATABASE), confirm=lambda: None)
    return path


def test_a_dump_says_what_it_was_given_and_nobody_else_reads_it(
    tmp_path: Path, keyring: LocalKeyring
) -> None:
    path = written(tmp_path, keyring)
    found = DumpFile.open(path, keyring)
    assert found.header == HEADER
    assert b"".join(found.database()) == b"".join(DATABASE)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert b"tenant" not in path.read_bytes()
    assert [one.name for one in tmp_path.iterdir() if one.is_file()] == ["a.dump"]


def test_a_file_that_is_there_stays(tmp_path: Path, keyring: LocalKeyring) -> None:
    before = written(tmp_path, keyring).read_bytes()
    with pytest.raises(SetupError, match="exists already"):
        written(tmp_path, keyring)
    assert (tmp_path / "a.dump").read_bytes() == before


def test_without_its_event_or_the_database_there_is_no_file(
    tmp_path: Path, keyring: LocalKeyring
) -> None:
    def refuse() -> None:
        raise DataLoss("The audit log takes nothing.")

    def broken() -> Iterator[bytes]:
        yield b"half"
        raise SetupError("pg_dump failed")

    with pytest.raises(DataLoss):
        write_dump(tmp_path / "b", keyring, HEADER, DATABASE, confirm=refuse)
    with pytest.raises(SetupError):
        write_dump(tmp_path / "b", keyring, HEADER, broken(), confirm=lambda: None)
    assert [one.name for one in tmp_path.iterdir()] == ["keyring"]


def test_whatever_is_changed_cut_or_anothers_is_refused(
    tmp_path: Path, keyring: LocalKeyring
) -> None:
    path = written(tmp_path, keyring)
    whole, chance = path.read_bytes(), random.Random(20261126)
    with pytest.raises(SetupError, match="does not open with this keyring"):
        DumpFile.open(path, LocalKeyring.create(tmp_path / "other"))
    for number in range(60):
        changed = bytearray(whole)
        at = chance.randrange(len(whole))
        if number % 2:
            changed[at] ^= 1 << chance.randrange(8)
        else:
            del changed[at:]
        path.write_bytes(changed)
        with pytest.raises((SetupError, DataLoss)):
            list(DumpFile.open(path, keyring).database())
