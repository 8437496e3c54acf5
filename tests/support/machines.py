"""Several machines on one: network namespaces on a bridge, whose links can be cut."""

import os
import secrets
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

# `ip netns exec` lays the files of such a folder over those of /etc.
_OWN_FILES = Path("/etc/netns")
_FORWARDING, _DISABLED = "3", "0"


def why_not() -> str:
    """What is missing here for namespaces; "" where nothing is."""
    if os.geteuid() != 0:
        return "namespaces need root"
    for program in ("ip", "bridge", "setpriv"):
        if shutil.which(program) is None:
            return f"there is no `{program}`"
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
        """From now on nothing comes through, in either direction, and nobody is told: neither does
        the cable seem pulled out, nor does a neighbour seem gone."""
        _run("bridge", "link", "set", "dev", self.link, "state", _DISABLED)

    def mend(self) -> None:
        _run("bridge", "link", "set", "dev", self.link, "state", _FORWARDING)

    def name_host(self, host: str, *addresses: str) -> None:
        """What that host's name leads to for programs of this machine, as DNS would say."""
        folder = _OWN_FILES / self.name
        folder.mkdir(parents=True, exist_ok=True)
        lines = ["127.0.0.1 localhost", *(f"{address} {host}" for address in addresses)]
        (folder / "hosts").write_text("\n".join(lines) + "\n")


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
        # Whoever was reached once is not asked for again: a cut says nothing.
        lasting = f"net.ipv4.neigh.{inside}.base_reachable_time_ms=3600000"
        _run(*found.command("sysctl", "-qw", lasting))
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
            shutil.rmtree(_OWN_FILES / machine.name, ignore_errors=True)
            _try("netns", "delete", machine.name)
            _try("link", "delete", machine.link)
        _try("link", "delete", wire.bridge)


def _free_number() -> int:
    """Of a network that no interface of this machine is in."""
    told = _ip("-brief", "link")
    return next(number for number in range(1, 250) if f"spbr{number} " not in f"{told} ")


def _ip(*arguments: str) -> str:
    return _run("ip", *arguments)


def _run(*argv: str) -> str:
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(argv)}: {done.stderr}"
    return done.stdout


def _try(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(["ip", *arguments], capture_output=True, text=True, check=False)
