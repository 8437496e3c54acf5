"""Several machines on one: network namespaces on a bridge, whose links can be cut.

What all parts share (PostgreSQL, Valkey) listens on the bridge; the object store is a folder.
"""

import os
import secrets
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from cli.embedded.postgres import APPLICATION, OWNER, ROLES, SYSTEM, EmbeddedPostgres
from cli.embedded.valkey import EmbeddedValkey
from tests.support.waiting import wait_until


def why_not() -> str:
    """What is missing here for namespaces; "" where nothing is."""
    if os.geteuid() != 0:
        return "namespaces need root"
    if shutil.which("ip") is None:
        return "there is no `ip`"
    probe = f"sp-{secrets.token_hex(3)}"
    tried = _try("netns", "add", probe)
    if tried.returncode != 0:
        return f"no namespaces here: {tried.stderr.strip()}"
    _try("netns", "delete", probe)
    return ""


@dataclass
class Machine:
    """One namespace; `link` is the bridge's end of its cable."""

    name: str
    address: str
    link: str

    def command(self, *argv: str) -> list[str]:
        return ["ip", "netns", "exec", self.name, *argv]

    def cut(self) -> None:
        """From now on nothing comes through, in either direction, and nobody is told."""
        _ip("link", "set", self.link, "down")

    def mend(self) -> None:
        _ip("link", "set", self.link, "up")


@dataclass
class Wire:
    """A bridge of its own network, which this machine is part of as `address`."""

    number: int
    machines: list[Machine] = field(default_factory=list)

    @property
    def bridge(self) -> str:
        return f"spbr{self.number}"

    @property
    def network(self) -> str:
        return f"10.213.{self.number}"

    @property
    def address(self) -> str:
        return f"{self.network}.1"

    def machine(self, name: str) -> Machine:
        place = len(self.machines) + 10
        link, inside = f"sp{self.number}-{place}", f"si{self.number}-{place}"
        found = Machine(f"sp-{self.number}-{name}", f"{self.network}.{place}", link)
        self.machines.append(found)
        _ip("netns", "add", found.name)
        _ip("link", "add", link, "type", "veth", "peer", "name", inside)
        _ip("link", "set", inside, "netns", found.name)
        _ip("link", "set", link, "master", self.bridge)
        _ip("link", "set", link, "up")
        for argv in (
            ["addr", "add", f"{found.address}/24", "dev", inside],
            ["link", "set", inside, "up"],
            ["link", "set", "lo", "up"],
        ):
            _ip("-n", found.name, *argv)
        return found


@contextmanager
def laid_wire() -> Iterator[Wire]:
    """Namespaces and bridge go with the block; processes in them must be gone by then."""
    wire = Wire(_free_number())
    try:
        _ip("link", "add", wire.bridge, "type", "bridge")
        _ip("addr", "add", f"{wire.address}/24", "dev", wire.bridge)
        _ip("link", "set", wire.bridge, "up")
        yield wire
    finally:
        for machine in wire.machines:
            _try("netns", "delete", machine.name)
            _try("link", "delete", machine.link)
        _try("link", "delete", wire.bridge)


@contextmanager
def shared_stores(address: str, folder: Path) -> Iterator[dict[str, str]]:
    """PostgreSQL and Valkey at that address, a folder for objects and one for keys, as the
    variables that name them."""
    with ExitStack() as stack:
        server = stack.enter_context(_postgres(address, folder))
        password = stack.enter_context(_valkey(address, folder))
        (folder / "objects").mkdir()
        urls = {
            name: f"postgresql://{role}:{server.passwords[role]}@{address}/stonepine"
            for name, role in (
                ("DATABASE_URL", APPLICATION),
                ("DATABASE_SYSTEM_URL", SYSTEM),
                ("DATABASE_OWNER_URL", OWNER),
            )
        }
        yield urls | {
            "REDIS_URL": f"redis://:{password}@{address}:6379/0",
            "OBJECT_STORE_URL": (folder / "objects").as_uri(),
            "STONEPINE_KEYRING_DIR": str(folder / "keyring"),
            "STONEPINE_SECRET_KEY": secrets.token_urlsafe(32),
        }


@contextmanager
def _postgres(address: str, folder: Path) -> Iterator[EmbeddedPostgres]:
    server = EmbeddedPostgres(
        data_dir=folder / "data",
        socket_dir=folder / "s",
        passwords={role: secrets.token_urlsafe(12) for role in ROLES},
        is_durable=False,
    )
    identity = server.prepare()
    network = address.rpartition(".")[0]
    with (server.data_dir / "pg_hba.conf").open("a") as rules:
        rules.write(f"host all all {network}.0/24 scram-sha-256\n")
    more = ["-c", f"listen_addresses={address}", "-c", "scram_iterations=1"]
    with (folder / "postgres.log").open("wb") as log:
        process = subprocess.Popen(
            [*server.argv(), *more],
            stdout=log, stderr=log, cwd="/", user=identity.uid, group=identity.gid,
            extra_groups=None if identity.uid is None else [],
        )  # fmt: skip
    try:
        wait_until(server.is_accepting, timeout_s=60, what="PostgreSQL accepts connections")
        server.ensure_database()
        yield server
    finally:
        process.send_signal(subprocess.signal.SIGINT)
        process.wait(timeout=30)


@contextmanager
def _valkey(address: str, folder: Path) -> Iterator[str]:
    server = EmbeddedValkey(folder / "valkey", folder / "s" / "valkey.sock", secrets.token_hex(16))
    server.prepare()
    argv = [*server.argv(), "--bind", address, "--port", "6379"]
    with (folder / "valkey.log").open("wb") as log:
        process = subprocess.Popen(argv, stdout=log, stderr=log)
    try:
        yield server.password
    finally:
        process.terminate()
        process.wait(timeout=30)


def _free_number() -> int:
    """Of a network that no interface of this machine is in."""
    told = _ip("-brief", "link")
    return next(number for number in range(1, 250) if f"spbr{number} " not in f"{told} ")


def _ip(*arguments: str) -> str:
    done = _try(*arguments)
    assert done.returncode == 0, f"ip {' '.join(arguments)}: {done.stderr}"
    return done.stdout


def _try(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(["ip", *arguments], capture_output=True, text=True, check=False)
