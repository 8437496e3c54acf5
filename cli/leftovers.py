"""What a killed predecessor may have left: processes that still run, files that block the next."""

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

# Set for children alone, never by people: their shells may well carry STONEPINE_HOME.
MARK = "STONEPINE_SUPERVISED"


def in_folder(folder: Path, program: Path) -> list[int]:
    """Processes of that program whose working directory this is, as PostgreSQL's have it.

    A shell that somebody left in the folder is not meant.
    """
    wanted, name = folder.resolve(), program.name

    def works_there(entry: Path) -> bool:
        return (entry / "cwd").readlink() == wanted and (entry / "exe").readlink().name == name

    return list(_processes(works_there))


def marked(mark: str) -> list[int]:
    """Children of a supervisor of the same home that is no more."""
    wanted = f"{MARK}={mark}".encode()

    def is_marked(entry: Path) -> bool:
        return wanted in (entry / "environ").read_bytes().split(b"\0")

    return [pid for pid in _processes(is_marked) if pid != os.getpid()]


def send(pids: list[int], number: signal.Signals) -> None:
    for pid in pids:
        try:
            os.kill(pid, number)
        except (ProcessLookupError, PermissionError):
            continue


def _processes(is_wanted: Callable[[Path], bool]) -> Iterator[int]:
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            if is_wanted(entry):
                yield int(entry.name)
        except OSError:  # gone meanwhile, or somebody else's
            continue
