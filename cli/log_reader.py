"""`stonepine logs`: a process's log as lines for people."""

import sys
import time
from pathlib import Path

from cli.errors import SetupError
from cli.process_logs import read_message, tail

_LOOK_EVERY_S = 0.2


def print_log(folder: Path, process: str, *, lines: int, is_following: bool) -> None:
    path = folder / f"{process}.log"
    if not path.exists() or path.parent != folder:
        known = ", ".join(sorted(entry.stem for entry in folder.glob("*.log"))) or "none yet"
        raise SetupError(f"There is no log of {process!r}.", hint=f"Logs exist of: {known}.")
    size = path.stat().st_size
    for line in tail(path, lines):
        _print(line)
    while is_following:
        time.sleep(_LOOK_EVERY_S)
        size = _print_from(path, size)


def _print_from(path: Path, position: int) -> int:
    """What came since; a smaller file is a new one, made by rotation."""
    if path.stat().st_size < position:
        position = 0
    with path.open("rb") as file:
        file.seek(position)
        for line in file:
            _print(read_message(line))
        return file.tell()


def _print(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
