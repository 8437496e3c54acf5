"""Logs of processes: JSON lines, rotated, never in the way of the process."""

import json
import os
from pathlib import Path

from cli.process_logs import LineReader, RotatingLog, tail


def test_plain_lines_are_wrapped_and_json_is_kept(tmp_path: Path) -> None:
    log = RotatingLog(tmp_path, "web")
    for line in (b"plain \xff", b'{"event": "own"}', b"{not json}", b"[1]"):
        log.write(line)
    log.close()
    entries = [json.loads(line) for line in (tmp_path / "web.log").read_text().splitlines()]
    assert [entry.get("message") for entry in entries] == [
        "plain \ufffd",
        None,
        "{not json}",
        "[1]",
    ]
    assert entries[1] == {"event": "own"}
    assert entries[0]["process"] == "web"


def test_full_log_moves_aside_and_the_oldest_goes(tmp_path: Path) -> None:
    log = RotatingLog(tmp_path, "web", max_bytes=200)
    for number in range(40):
        log.write(json.dumps({"number": number, "filler": "x" * 50}).encode())
    log.close()
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["web.log", "web.log.1", "web.log.2"]
    assert all(path.stat().st_size < 400 for path in tmp_path.iterdir())
    newest = (tmp_path / "web.log.1").read_text().splitlines()[-1]
    assert json.loads(newest)["number"] >= 36


def test_lines_are_put_together_from_pieces(tmp_path: Path) -> None:
    log = RotatingLog(tmp_path, "web")
    reader, writer = os.pipe()
    lines = LineReader(reader, log)
    for piece in (b"one\ntw", b"o\n\n", b"three"):
        os.write(writer, piece)
        assert lines.drain()
    os.close(writer)
    assert not lines.drain()
    os.close(reader)
    log.close()
    assert tail(tmp_path / "web.log", 10) == ["one", "two", "three"]


def test_line_without_end_does_not_fill_memory(tmp_path: Path) -> None:
    log = RotatingLog(tmp_path, "web")
    reader, writer = os.pipe()
    lines = LineReader(reader, log)
    for _ in range(40):
        os.write(writer, b"x" * 4096)
        lines.drain()
    os.close(writer)
    os.close(reader)
    log.close()
    assert len(tail(tmp_path / "web.log", 10)) >= 1


def test_log_that_cannot_be_written_stops_nobody(tmp_path: Path) -> None:
    log = RotatingLog(tmp_path, "web", max_bytes=1)
    (tmp_path / "web.log").unlink()
    tmp_path.chmod(0o500)
    log.write(b"a line")
    tmp_path.chmod(0o700)
