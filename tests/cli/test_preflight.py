"""What is refused before anything starts, with a sentence that names it."""

import os
import socket
from pathlib import Path

import pytest

from cli.errors import SetupError
from cli.preflight import check_port, check_room
from cli.private_files import cannot_write, write_private


def test_taken_port_names_who_listens_there() -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        with pytest.raises(SetupError) as failure:
            check_port("127.0.0.1", port)
    assert f"Port {port}" in failure.value.message
    assert f"(process {os.getpid()}) listens there" in failure.value.message
    assert "--port" in failure.value.hint


def test_port_is_free_again_at_once_after_its_server_has_gone() -> None:
    with socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind(("127.0.0.1", 0))
        server.listen()
        port = server.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)) as client:
            accepted, _ = server.accept()
            accepted.close()  # this side ends first, so the port lingers
            assert client.recv(1) == b""
    check_port("127.0.0.1", port)


def test_full_disk_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match=r"is full: \d+ MB are free"):
        check_room(tmp_path / "not" / "yet" / "there", min_bytes=2**62)


def test_disk_without_inodes_is_refused(tmp_path: Path) -> None:
    if not os.statvfs(tmp_path).f_files:
        pytest.skip("this file system counts no inodes")
    with pytest.raises(SetupError, match="inodes are free"):
        check_room(tmp_path, min_inodes=2**62)


def test_roomy_disk_is_accepted(tmp_path: Path) -> None:
    check_room(tmp_path / "not" / "yet" / "there")


@pytest.mark.parametrize(
    ("number", "hint"),
    [(28, "disk is full"), (30, "read-only"), (13, "may write"), (122, "quota")],
)
def test_refused_write_says_what_to_do(number: int, hint: str) -> None:
    error = cannot_write(Path("/srv/x"), OSError(number, os.strerror(number)))
    assert "/srv/x" in error.message
    assert hint in error.hint


def test_failed_write_leaves_the_old_file_and_no_other(tmp_path: Path) -> None:
    path = tmp_path / "secrets.json"
    write_private(path, b"old")
    (tmp_path / "folder").mkdir()
    with pytest.raises(SetupError):
        write_private(tmp_path / "folder", b"a folder is in the way")
    assert path.read_bytes() == b"old"
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["folder", "secrets.json"]
