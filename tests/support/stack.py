"""A whole installation in a folder of its own, driven through the command line as a black box."""

import contextlib
import fcntl
import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

import psutil

from cli.home import Home
from cli.instance import status
from tests.support.waiting import wait_until

T = TypeVar("T")

REPOSITORY = Path(__file__).parents[2]
COMMAND = Path(sys.executable).parent / "stonepine"

_FIRST_PORT = 10_200
_SLOT_WIDTH = 2_100  # a base port, and its indexes' ports from base + 1000
_SLOTS = 9
_MERELY_TOLD = re.compile(r'"level": "(info|debug)"')
_FOREIGN_SETTINGS = ("DATABASE_", "REDIS_URL", "OBJECT_STORE_URL", "STONEPINE_", "DJANGO_")


@dataclass
class Stack:
    """One home. `facts` is what `bootstrap` printed, `settings` go into every command."""

    home: Path
    port: int
    settings: dict[str, str] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)
    command: tuple[str, ...] = (str(COMMAND),)

    @property
    def api_url(self) -> str:
        scheme = self.settings.get("STONEPINE_ADVERTISED_SCHEME", "http")
        return f"{scheme}://127.0.0.1:{self.port}"

    @property
    def interpreter(self) -> str:
        """What runs its processes: `command` begins with it, unless it is our own."""
        return sys.executable if self.command == (str(COMMAND),) else self.command[0]

    @property
    def api_key(self) -> str:
        return str(self.facts["api_key"])

    def environment(self) -> dict[str, str]:
        """This process's environment without anything that would steer the installation."""
        inherited = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(_FOREIGN_SETTINGS)
        }
        # However many cores there are, the processes are the same.
        return inherited | {"STONEPINE_ENGINES": "1"} | self.settings

    def client_environment(self) -> dict[str, str]:
        """What somebody sets who follows the README; no more."""
        authority = str(self.home / "tls" / "ca.pem")
        return self.environment() | {
            "PINECONE_API_KEY": self.api_key,
            "PINECONE_CONTROLLER_HOST": self.api_url,
            "SSL_CERT_FILE": authority,
            "NODE_EXTRA_CA_CERTS": authority,
        }

    def run(
        self, *arguments: str, timeout_s: float = 120, given: str = ""
    ) -> subprocess.CompletedProcess[str]:
        """`given` comes on standard input."""
        return subprocess.run(
            [*self.command, *arguments],
            cwd=REPOSITORY, env=self.environment(), capture_output=True, text=True,
            timeout=timeout_s, check=False, input=given,
        )  # fmt: skip

    def start(self, *, timeout_s: float = 120) -> None:
        """Start in the background and wait for readiness; fails with the ends of all logs."""
        result = self.run(
            "up", "--home", str(self.home), "--port", str(self.port), "--detach",
            timeout_s=timeout_s,
        )  # fmt: skip
        assert result.returncode == 0, self._complaint("`stonepine up` failed", result)
        self.wait_until_ready(timeout_s=timeout_s)

    def bootstrap(self) -> None:
        result = self.run("bootstrap", "--home", str(self.home), "--json")
        assert result.returncode == 0, self._complaint("`stonepine bootstrap` failed", result)
        printed = json.loads(result.stdout)
        self.facts |= {name: value for name, value in printed.items() if value is not None}

    def status(self) -> dict[str, Any]:
        """What `stonepine status --json` prints, without a process for each look."""
        return status(Home(self.home))

    def wait_until_ready(self, *, timeout_s: float = 60) -> None:
        try:
            wait_until(
                lambda: self.status()["ready"], timeout_s=timeout_s, every_s=0.05, what="ready"
            )
        except AssertionError as error:
            raise AssertionError(
                f"{error}\n{json.dumps(self.status())}\n{self.log_tails()}"
            ) from None

    def pid(self, name: str) -> int | None:
        """The running process of that name, or None while it is down."""
        for process in self.status()["processes"]:
            if process["name"] == name and process["pid"] and psutil.pid_exists(process["pid"]):
                return int(process["pid"])
        return None

    def children(self, name: str) -> list[psutil.Process]:
        """What the named process has started; nothing while it is down."""
        pid = self.pid(name)
        with contextlib.suppress(psutil.NoSuchProcess):
            return [] if pid is None else psutil.Process(pid).children(recursive=True)
        return []

    def kill(self, name: str, how: signal.Signals = signal.SIGKILL) -> int:
        """Send the signal to the named process as soon as it runs; gives its pid."""
        pid = wait_until(lambda: self.pid(name), timeout_s=60, what=f"{name} runs")
        os.kill(pid, how)
        return pid

    @contextmanager
    def paused(self, name: str) -> Iterator[None]:
        """The named process and its children stand still for the block."""
        parent = psutil.Process(self.kill(name, signal.SIGSTOP))
        family = [parent, *parent.children(recursive=True)]
        for member in family:
            member.suspend()
        try:
            yield
        finally:
            for member in family:
                with contextlib.suppress(psutil.NoSuchProcess):
                    member.resume()

    def processes(self) -> list[psutil.Process]:
        """Everything that belongs to this home, the supervisor first."""
        found: dict[int, psutil.Process] = {}
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                if self._is_ours(process):
                    for member in [process, *process.children(recursive=True)]:
                        found[member.pid] = member
        found.pop(os.getpid(), None)
        return sorted(found.values(), key=lambda member: member.pid)

    def answers(self, question: Callable[[psutil.Process], T]) -> list[T]:
        """Of all processes; of those that end meanwhile, as builders do, none."""
        found = []
        for process in self.processes():
            with contextlib.suppress(psutil.NoSuchProcess, ProcessLookupError, FileNotFoundError):
                found.append(question(process))
        return found

    def kill_everything(self) -> None:
        """SIGKILL for the supervisor and all it started, until nothing of the home is left."""

        def is_gone() -> bool:
            members = self.processes()
            for member in members:
                with contextlib.suppress(psutil.NoSuchProcess):
                    member.kill()
            return not any(map(is_alive, members))

        wait_until(is_gone, timeout_s=30, what="every process of the home is gone")

    def down(self) -> None:
        self.run("down", "--home", str(self.home), timeout_s=60)

    def restart(self) -> None:
        self.down()
        self.start()

    def log_tails(self, lines: int = 12) -> str:
        """The ends of all logs, without what is merely told."""
        tails = []
        for path in sorted((self.home / "logs").glob("*.log")):
            told = path.read_text(errors="replace").splitlines()
            worth = [line for line in told if not _MERELY_TOLD.search(line)][-lines:]
            tails += [f"--- {path.name}", *worth] if worth else []
        return "\n".join(tails)

    def _is_ours(self, process: psutil.Process) -> bool:
        home, told = str(self.home), process.environ()
        marks = (told.get("STONEPINE_HOME"), told.get("STONEPINE_SUPERVISED"))
        return home in process.cmdline() or home in marks

    def _complaint(self, what: str, result: subprocess.CompletedProcess[str]) -> str:
        return f"{what}\n{result.stdout}\n{result.stderr}\n{self.log_tails()}"


def is_alive(process: psutil.Process) -> bool:
    """Neither gone, nor going between the two questions, nor only not yet waited for."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@contextmanager
def running_stack(
    folder: Path | None = None,
    *,
    command: tuple[str, ...] = (str(COMMAND),),
    start_s: float = 120,
    **settings: str,
) -> Iterator[Stack]:
    """A started and bootstrapped installation; afterwards no process and no folder is left. It has
    `start_s` to start."""
    scratch = None if folder else tempfile.mkdtemp(prefix="sp-")
    home = (folder or Path(str(scratch))) / "home"
    try:
        with reserved_port() as port:
            stack = Stack(home, port, settings, command=command)
            try:
                stack.start(timeout_s=start_s)
                stack.bootstrap()
                yield stack
            finally:
                stack.down()
                stack.kill_everything()
    finally:
        if scratch:
            shutil.rmtree(scratch, ignore_errors=True)


@contextmanager
def reserved_port() -> Iterator[int]:
    """A base port whose neighbourhood is free, kept from other test processes for the block."""
    slots = list(range(_SLOTS))
    random.shuffle(slots)
    for slot in slots:
        port = _FIRST_PORT + slot * _SLOT_WIDTH
        lock = (Path(tempfile.gettempdir()) / f"stonepine-tests-{port}.lock").open("wb")
        with lock:
            if _is_taken(lock) or any(map(_is_listening, [port, *range(port + 1000, port + 1010)])):
                continue
            yield port
            return
    raise AssertionError(f"no free ports from {_FIRST_PORT} on: are old test stacks running?")


def _is_taken(lock: BinaryIO) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    return False


def _is_listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
