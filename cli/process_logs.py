"""What the children print, kept as JSON lines in files that are rotated by size."""

import json
import os
from pathlib import Path

from kit.clock import now

_MAX_BYTES = 10 * 1024 * 1024
_KEPT_FILES = 3
_MAX_LINE = 64 * 1024
_TAIL_BYTES = 16 * 1024


class RotatingLog:
    """`<name>.log`, and up to two older ones beside it as `.1` and `.2`.

    Writing never raises: a full disk must not stop the processes whose lines these are.
    """

    def __init__(self, folder: Path, name: str, *, max_bytes: int = _MAX_BYTES) -> None:
        self.path = folder / f"{name}.log"
        self._name = name
        self._max_bytes = max_bytes
        self._open()

    def write(self, line: bytes) -> None:
        """One line as the process printed it; what is not JSON is wrapped."""
        text = line if _is_json_object(line) else self._wrapped(line)
        try:
            self._size += os.write(self._descriptor, text + b"\n")
            if self._size > self._max_bytes:
                self._rotate()
        except OSError:
            return

    def close(self) -> None:
        os.close(self._descriptor)

    def _open(self) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        self._descriptor = os.open(self.path, flags, 0o600)
        self._size = os.fstat(self._descriptor).st_size

    def _wrapped(self, line: bytes) -> bytes:
        message = line.decode(errors="replace")
        entry = {"time": now().isoformat(), "process": self._name, "message": message}
        return json.dumps(entry, ensure_ascii=False).encode()

    def _rotate(self) -> None:
        for number in range(_KEPT_FILES - 1, 0, -1):
            older = self.path.with_name(f"{self.path.name}.{number}")
            newer = self.path.with_name(f"{self.path.name}.{number - 1}")
            source = newer if number > 1 else self.path
            if source.exists():
                source.replace(older)
        os.close(self._descriptor)
        self._open()


class LineReader:
    """Cuts what comes out of a pipe into lines; overlong ones are cut too."""

    def __init__(self, descriptor: int, log: RotatingLog) -> None:
        os.set_blocking(descriptor, False)
        self._descriptor = descriptor
        self._log = log
        self._rest = b""

    def drain(self) -> bool:
        """Read what is there; False once the last writer is gone."""
        while True:
            try:
                chunk = os.read(self._descriptor, _MAX_LINE)
            except BlockingIOError:
                return True
            if not chunk:
                if self._rest:
                    self._log.write(self._rest)
                return False
            *lines, self._rest = (self._rest + chunk).split(b"\n")
            if len(self._rest) > _MAX_LINE:
                lines, self._rest = [*lines, self._rest], b""
            for line in lines:
                if line.strip():
                    self._log.write(line)


def tail(path: Path, lines: int) -> list[str]:
    """The last lines of a log as people read them: only the message of each."""
    try:
        with path.open("rb") as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(0, file.tell() - _TAIL_BYTES))
            found = file.read().splitlines()[-lines:]
    except OSError:
        return []
    return [read_message(line) for line in found]


def read_message(line: bytes) -> str:
    try:
        entry = json.loads(line)
        return str(entry.get("message") or entry.get("event") or line.decode(errors="replace"))
    except ValueError:
        return line.decode(errors="replace")


def _is_json_object(line: bytes) -> bool:
    if not (line.startswith(b"{") and line.rstrip().endswith(b"}")):
        return False
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        return False
