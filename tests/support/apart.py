"""An installation whose parts run on machines of their own, driven through the command line."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import psutil

from cli.home import Home
from cli.instance import status
from cli.issuing import host_names, new_authority, new_leaf
from cli.parts_authority import issue_part, make_parts_authority
from kit.clock import now
from kit.parts import PartKind
from tests.support.machines import Machine, Wire, laid_wire
from tests.support.shared_stores import SharedStores, shared_stores
from tests.support.stack import COMMAND, REPOSITORY
from tests.support.waiting import wait_until

DOOR_PORT, BASE_PORT, FIRST_INDEX_PORT = 8443, 8080, 9080
HOST = "gateway.test"  # what clients call all gateways
_FOREIGN = ("DATABASE_", "REDIS_URL", "OBJECT_STORE_URL", "STONEPINE_", "DJANGO_")


@dataclass
class RunningPart:
    """`folder` has its home and its certificate. All that is its own is lost with the home."""

    kind: PartKind
    name: str
    machine: Machine
    folder: Path
    settings: dict[str, str]
    _process: "subprocess.Popen[bytes] | None" = None

    @property
    def home(self) -> Path:
        return self.folder / "home"

    def start(self) -> None:
        port = ["--port", str(BASE_PORT)] if self.kind is PartKind.GATEWAY else []
        with (self.folder / "out.log").open("ab") as log:
            self._process = subprocess.Popen(
                self.machine.command(str(COMMAND), self.kind, "--home", str(self.home), *port),
                cwd=REPOSITORY, env=clean() | self.settings, stdout=log, stderr=log,
            )  # fmt: skip

    def is_ready(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, self.log()
        return bool(status(self._home())["ready"])

    def stop(self) -> int:
        """Ask it to end; its exit status."""
        assert self._process is not None
        self._process.terminate()
        code = self._process.wait(timeout=60)
        self._process = None
        return code

    def kill(self) -> None:
        """All of its processes at once, as when the machine is switched off."""
        if self._process is None:
            return
        with contextlib.suppress(psutil.NoSuchProcess):
            whole = psutil.Process(self._process.pid)
            family = [whole, *whole.children(recursive=True)]
            for member in family:
                with contextlib.suppress(psutil.NoSuchProcess):
                    member.send_signal(signal.SIGKILL)
            psutil.wait_procs(family, timeout=20)
        self._process.wait(timeout=20)
        self._process = None

    def wipe(self) -> None:
        """Its disk is gone, but for the certificate that it is given anew."""
        shutil.rmtree(self.home, ignore_errors=True)
        shutil.rmtree(self._home().run_dir, ignore_errors=True)

    def pid(self, process: str) -> int:
        told = status(self._home())["processes"]
        return int(next(one["pid"] for one in told if one["name"] == process))

    def log(self) -> str:
        tails = [self.folder / "out.log", *sorted((self.home / "logs").glob("*.log"))]
        return "\n".join(
            f"--- {self.name} {path.name}\n{path.read_text(errors='replace')[-1500:]}"
            for path in tails if path.exists()
        )  # fmt: skip

    def _home(self) -> Home:
        return Home(self.home)


@dataclass
class Apart:
    """`facts` is what `bootstrap` printed."""

    folder: Path
    wire: Wire
    stores: SharedStores
    parts: dict[str, RunningPart] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)
    clients: dict[str, Machine] = field(default_factory=dict)

    @property
    def authority(self) -> Path:
        """What clients trust."""
        return self.folder / "public-ca.pem"

    def add(self, kind: PartKind, name: str) -> RunningPart:
        machine, folder = self.wire.machine(name), self.folder / name
        issue_part(self.folder / "authority", kind, name, folder, days=2)
        settings = self._common() | {
            "STONEPINE_PARTS_CA": str(folder / "ca.pem"),
            "STONEPINE_PART_CERTIFICATE": str(folder / "cert.pem"),
            "STONEPINE_PART_KEY": str(folder / "key.pem"),
            "STONEPINE_PART_NAME": name,
            "STONEPINE_PART_ADDRESS": f"{machine.address}:{DOOR_PORT}",
            "STONEPINE_BIND_HOST": machine.address,
            "STONEPINE_ENGINES": "1",
        }
        if kind is PartKind.NODE:
            settings["STONEPINE_NODE_NAME"] = name
        part = RunningPart(kind, name, machine, folder, settings)
        self.parts[name] = part
        return part

    def add_client(self, name: str, *gateways: str) -> None:
        """A machine for clients, to which the service's name leads to those gateways."""
        self.clients[name] = self.wire.machine(name)
        addresses = [self.parts[one].machine.address for one in gateways]
        self.clients[name].name_host(HOST, *addresses)

    def of(self, kind: PartKind) -> list[RunningPart]:
        return [part for part in self.parts.values() if part.kind is kind]

    def start(self, *parts: RunningPart, timeout_s: float = 240) -> None:
        for part in parts:
            part.start()
        for part in parts:
            try:
                wait_until(part.is_ready, timeout_s=timeout_s, every_s=0.2, what="it is ready")
            except AssertionError as error:
                raise AssertionError(f"{part.name}: {error}\n{part.log()}") from None

    def run(self, *arguments: str) -> str:
        """A command of the operator, with a worker's settings; what it printed."""
        (worker, *_) = self.of(PartKind.WORKER)
        own = self.stores.settings | worker.settings
        own["STONEPINE_HOME"] = str(self.folder / "operator")
        done = subprocess.run(
            [str(COMMAND), *arguments],
            cwd=REPOSITORY, env=clean() | own, capture_output=True, text=True, timeout=180,
            check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"{arguments}: {done.stdout}{done.stderr}"
        return done.stdout

    def bootstrap(self) -> None:
        self.facts = json.loads(self.run("bootstrap", "--json"))

    def close(self) -> None:
        for part in self.parts.values():
            part.kill()

    def _common(self) -> dict[str, str]:
        shared = dict(self.stores.settings)
        del shared["DATABASE_OWNER_URL"]
        return shared | {
            "STONEPINE_ADVERTISED_SCHEME": "https",
            "STONEPINE_ADVERTISED_HOST": HOST,
            "STONEPINE_TLS_CERTIFICATE": str(self.folder / "public.pem"),
            "STONEPINE_TLS_KEY": str(self.folder / "public-key.pem"),
            "STONEPINE_INDEX_PORT_FIRST": str(FIRST_INDEX_PORT),
            "STONEPINE_INDEX_PORT_COUNT": "20",
            "STONEPINE_USAGE_REPORT_S": "2",
        }


@contextmanager
def machines_apart(folder: Path) -> Iterator[Apart]:
    """Stores, tables, keys and certificates for the parts that are added; none yet."""
    make_parts_authority(folder / "authority")
    with laid_wire() as wire, shared_stores(wire, folder) as stores:
        apart = Apart(folder, wire, stores)
        _public_certificate(apart)
        done = subprocess.run(
            [str(COMMAND), "migrate", "--home", str(folder / "operator")],
            cwd=REPOSITORY, env=clean() | stores.settings, capture_output=True, text=True,
            check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        try:
            yield apart
        finally:
            apart.close()


def _public_certificate(apart: Apart) -> None:
    """For every address that a gateway may have here."""
    ends_at = now() + timedelta(days=2)
    authority = new_authority("clients of this test", ends_at=ends_at)
    hosts = [HOST, *(f"{apart.wire.network}.{place}" for place in range(10, 30))]
    leaf = new_leaf(authority, HOST, host_names(hosts), ends_at=ends_at)
    for name, content in (
        ("public-ca.pem", authority.certificate),
        ("public.pem", leaf.certificate + authority.certificate),
        ("public-key.pem", leaf.key),
    ):
        path = apart.folder / name
        path.write_bytes(content)
        path.chmod(0o600)


def clean() -> dict[str, str]:
    """This process's environment without anything that would steer an installation."""
    return {name: text for name, text in os.environ.items() if not name.startswith(_FOREIGN)}
