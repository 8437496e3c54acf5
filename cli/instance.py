"""One supervisor for one home: the lock, who holds it, and what it says of its processes."""

import fcntl
import json
import time
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from cli.errors import SetupError
from cli.home import Home
from cli.private_files import cannot_write

_ATTEMPTS = 10
_BLINK_S = 0.02
_RENEWAL_PATIENCE_S = 330.0  # more than a successor has (cli.keeper)


@dataclass(frozen=True, slots=True)
class Holder:
    """The supervisor that runs now."""

    pid: int
    url: str


@dataclass(slots=True)
class InstanceLock:
    """Held by the supervisor as long as it lives; the kernel lets go of it whatever happens.

    Children do not inherit it (Python's descriptors close on exec), so that what is left over of a
    killed supervisor never blocks the next one.
    """

    _file: BinaryIO

    @classmethod
    def take(cls, home: Home) -> "InstanceLock":
        try:
            file = home.lock_file.open("a+b")
        except OSError as error:
            raise cannot_write(home.lock_file, error) from error
        for _attempt in range(_ATTEMPTS):
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                # `running` holds it for the blink of an eye; a supervisor for longer.
                time.sleep(_BLINK_S)
            else:
                # What a killed supervisor said of itself is no longer true.
                home.status_file.unlink(missing_ok=True)
                file.truncate(0)
                return cls(file)
        file.close()
        holder = _read_holder(home.lock_file)
        who = f"process {holder.pid}, {holder.url}" if holder else "just starting"
        raise SetupError(
            f"Stonepine already runs for {home.path} ({who}).",
            hint="`stonepine status` shows it, `stonepine down` stops it; "
            "for a second one choose another --home and --port.",
        )

    def say(self, *, pid: int, url: str) -> None:
        """Note who holds the lock, for those who find it taken."""
        self._file.truncate(0)
        self._file.write(json.dumps({"pid": pid, "url": url}).encode())
        self._file.flush()

    def release(self) -> None:
        self._file.close()


def running(home: Home) -> Holder | None:
    """The supervisor of that home, if one lives."""
    try:
        file = home.lock_file.open("rb")
    except OSError:
        return None
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return _read_holder(home.lock_file)
    return None


def status(home: Home) -> dict[str, Any]:
    """What `stonepine status --json` prints; a supervisor that is gone left nothing running."""
    if running(home) is not None:
        try:
            return dict(json.loads(home.status_file.read_bytes()))
        except (OSError, ValueError):
            pass  # it has just started and not written yet
    port = home.remembered().get("port")
    return {
        "ready": False, "home": str(home.path), "port": port,
        "console_url": None, "api_url": None, "processes": [],
    }  # fmt: skip


def pids(home: Home, names: Collection[str]) -> dict[str, int | None]:
    """Of those processes, as far as they are ready."""
    return {
        process["name"]: process["pid"] if process["state"] == "ready" else None
        for process in status(home)["processes"]
        if process["name"] in names
    }


def wait_until_renewed(home: Home, names: Collection[str], before: dict[str, int | None]) -> None:
    """Until the supervisor has started them again, after it was told why by a file."""
    deadline = time.monotonic() + _RENEWAL_PATIENCE_S
    while True:
        now = pids(home, names)
        if now and all(pid is not None and pid != before.get(name) for name, pid in now.items()):
            return
        if time.monotonic() > deadline:
            raise SetupError(
                f"The processes {', '.join(names)} were not started again in time.",
                hint="`stonepine status` shows them; the logs tell why.",
            )
        time.sleep(_BLINK_S)


def _read_holder(path: Path) -> Holder | None:
    try:
        said = json.loads(path.read_bytes())
        return Holder(int(said["pid"]), str(said["url"]))
    except (OSError, ValueError, KeyError):
        return None
