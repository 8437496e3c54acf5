"""What the supervisor knows of each process, as plain values that travel as JSON."""

import signal
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

SOCKET = "{socket}"


class ProbeKind(StrEnum):
    """How readiness is told; see cli.readiness."""

    POSTMASTER = "postmaster"
    VALKEY = "valkey"
    HTTP = "http"
    SOCKET = "socket"
    NOTIFY = "notify"
    ALIVE = "alive"


@dataclass(frozen=True, slots=True)
class Probe:
    """`path` is the socket (or folder) to look at, `target` the URL path asked for over it."""

    kind: ProbeKind
    path: str = ""
    target: str = "/"
    password: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class ProcessSpec:
    """One child. `needs` names what must be ready before its first start.

    `death_signal` is sent by the kernel when the supervisor vanishes. `stop_stage`: lower ones are
    stopped first, each stage at once. `folder` belongs to this process alone: before a start nobody
    of a predecessor may still work in it. `stale_files` are what a killed one leaves behind.
    A one-shot runs to its end, and is ready then. A program that is not ours is told no settings,
    which are secrets for the most part. `signs`: it is started again when the home's secret key
    changes. `face` is the socket that its clients know: each start listens at one of its own, which
    `argv` calls SOCKET, and once it is ready the face leads there. So a successor can be ready
    before its predecessor ends, and nobody is refused.
    """

    name: str
    argv: list[str]
    probe: Probe
    needs: list[str] = field(default_factory=list)
    environment: dict[str, str] = field(default_factory=dict, repr=False)
    uid: int | None = None
    gid: int | None = None
    death_signal: int = signal.SIGKILL
    stop_signal: int = signal.SIGTERM
    stop_after_s: float = 5.0
    stop_stage: int = 0
    folder: str = ""
    stale_files: list[str] = field(default_factory=list)
    is_one_shot: bool = False
    is_ours: bool = True
    signs: bool = False
    face: str = ""

    def facing(self, socket: str) -> "ProcessSpec":
        """The same, listening at this socket."""
        return replace(
            self,
            argv=[socket if word == SOCKET else word for word in self.argv],
            probe=replace(self.probe, path=socket),
            stale_files=[socket],
        )


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything the supervisor needs, worked out beforehand by cli.preparation.

    `environment` goes to every child that is ours, `first_start` is the command that tells what to
    print on a new installation (none once the first owner exists). `daily` is run once a day, and
    when one of the files `watched` has changed. `certificate_authority` is the file that clients
    must be told to trust, if any. `part` is what this is called where it is one of several parts.
    """

    home: str
    port: int
    base_url: str
    certificate_authority: str
    processes: list[ProcessSpec]
    environment: dict[str, str] = field(repr=False)
    first_start: list[str] = field(default_factory=list)
    daily: list[str] = field(default_factory=list)
    watched: list[str] = field(default_factory=list)
    part: str = ""

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "Plan":
        def probe(said: dict[str, Any]) -> Probe:
            return Probe(**{**said, "kind": ProbeKind(said["kind"])})

        processes = [
            ProcessSpec(**{**entry, "probe": probe(entry["probe"])}) for entry in value["processes"]
        ]
        return cls(**{**value, "processes": processes})

    @property
    def log_dir(self) -> Path:
        return Path(self.home) / "logs"
