"""Objects in a folder: whole or not at all, one winner, nothing left over."""

import errno
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from kit.errors import (
    AlreadyExists,
    InvalidArgument,
    NotFound,
    StonepineError,
    StorageFull,
    Unavailable,
)
from storage.local_objects import LocalObjectStore


@pytest.fixture
def store(tmp_path: Path) -> LocalObjectStore:
    return LocalObjectStore(tmp_path / "objects")


def files_of(root: Path) -> list[str]:
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


def test_an_object_is_put_read_listed_and_deleted(store: LocalObjectStore, tmp_path: Path) -> None:
    assert store.put("a/b/c", [b"hel", b"lo"]) == 5
    assert store.get("a/b/c") == b"hello"
    assert store.read_at("a/b/c", 1, 3) == b"ell"
    assert store.read_at("a/b/c", 4, 100) == b"o"
    assert store.size("a/b/c") == 5
    assert list(store.list("a/")) == ["a/b/c"]
    store.delete("a/b/c")
    store.delete("a/b/c")
    assert list(store.list("")) == []
    with pytest.raises(NotFound):
        store.get("a/b/c")
    with pytest.raises(NotFound):
        store.size("a/b/c")


def test_a_put_replaces_and_a_new_one_does_not(store: LocalObjectStore) -> None:
    store.put("x", [b"1"])
    store.put("x", [b"2"])
    with pytest.raises(AlreadyExists):
        store.put("x", [b"3"], is_new=True)
    assert store.get("x") == b"2"


def test_of_many_creators_exactly_one_wins(store: LocalObjectStore) -> None:
    winners = []
    start = threading.Barrier(8)

    def create(number: int) -> None:
        start.wait()
        try:
            store.put("deep/er/one", [b"%d" % number], is_new=True)
        except AlreadyExists:
            return
        winners.append(number)

    threads = [threading.Thread(target=create, args=[number]) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(winners) == 1
    assert store.get("deep/er/one") == b"%d" % winners[0]


def test_an_object_whose_source_fails_never_appears(
    store: LocalObjectStore, tmp_path: Path
) -> None:
    def broken() -> Iterator[bytes]:
        yield b"half"
        raise RuntimeError("the source broke")

    with pytest.raises(RuntimeError):
        store.put("x", broken())
    assert files_of(tmp_path / "objects") == []


def test_listing_follows_the_prefix_and_is_sorted(store: LocalObjectStore) -> None:
    for path in ("i/1/b", "i/1/a", "i/10/a", "i/1.x", "j"):
        store.put(path, [b""])
    assert list(store.list("i/1/")) == ["i/1/a", "i/1/b"]
    assert list(store.list("i/1")) == ["i/1.x", "i/1/a", "i/1/b", "i/10/a"]
    assert list(store.list("")) == ["i/1.x", "i/1/a", "i/1/b", "i/10/a", "j"]
    assert list(store.list("nothing/")) == []


@pytest.mark.parametrize(
    "path",
    ["", "/etc/passwd", "../x", "a/../x", "a//b", "a/", "./a", "a\0b", ".aside/x", "a/.b",
     "a\\b", "a\nb", "x" * 901, "ä"],
)  # fmt: skip
def test_a_path_that_could_leave_the_store_is_refused(store: LocalObjectStore, path: str) -> None:
    for act in (store.get, store.size, store.delete):
        with pytest.raises(InvalidArgument):
            act(path)
    with pytest.raises(InvalidArgument):
        store.put(path, [b""])
    if path.removesuffix("/") not in {"", "a"}:
        with pytest.raises(InvalidArgument):
            list(store.list(path))


def test_empty_folders_vanish_with_their_last_object(
    store: LocalObjectStore, tmp_path: Path
) -> None:
    store.put("a/b/c", [b""])
    store.put("a/d", [b""])
    store.delete("a/b/c")
    assert not (tmp_path / "objects" / "a" / "b").exists()
    assert store.get("a/d") == b""


WRITER = """
import sys
from pathlib import Path
from storage.local_objects import LocalObjectStore

def endless():
    yield b"begun"
    print("writing", flush=True)
    sys.stdin.read()

LocalObjectStore(Path(sys.argv[1])).put("victim", endless())
"""


def test_what_a_killed_writer_left_is_removed_and_what_a_living_one_writes_is_not(
    tmp_path: Path,
) -> None:
    root = tmp_path / "objects"
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(root)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        assert writer.stdout.readline() == b"writing\n"
        assert len(files_of(root)) == 1
        assert list(LocalObjectStore(root).list("")) == []
        assert len(files_of(root)) == 1, "the living writer's file was taken away"
    finally:
        writer.kill()
        writer.communicate()
    LocalObjectStore(root)
    assert files_of(root) == []


def test_a_full_disk_is_said_so(store: LocalObjectStore, tmp_path: Path) -> None:
    def chunks() -> Iterator[bytes]:
        yield b"begun"
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(StorageFull):
        store.put("x", chunks())
    assert files_of(tmp_path / "objects") == []


def test_another_failure_of_the_disk_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(Unavailable):
        LocalObjectStore(tmp_path / "file")


def test_puts_and_deletes_that_race_for_a_folder_both_work(store: LocalObjectStore) -> None:
    failures = []

    def churn(name: str) -> None:
        try:
            for _ in range(150):
                store.put(f"shared/{name}", [b"x"])
                store.delete(f"shared/{name}")
        except StonepineError as error:
            failures.append(error)

    threads = [threading.Thread(target=churn, args=[name]) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
