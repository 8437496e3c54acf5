"""From the operator's environment to what one part on a machine of its own is told."""

import os
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import psycopg

from cli.errors import SetupError
from cli.home import Home
from cli.parts_authority import require_part_name
from cli.production import refuse_weaknesses, weaknesses
from cli.settings import Installation
from kit.environment import Environment
from kit.parts import PartKind, split_address

_PROOF = ("STONEPINE_PARTS_CA", "STONEPINE_PART_CERTIFICATE", "STONEPINE_PART_KEY")
_DOOR = "STONEPINE_PART_ADDRESS"
_CONTROL = (
    "DATABASE_URL", "DATABASE_SYSTEM_URL", "REDIS_URL", "OBJECT_STORE_URL",
    "STONEPINE_KEYRING_DIR", "STONEPINE_SECRET_KEY",
)  # fmt: skip
NEEDS: dict[PartKind, tuple[str, ...]] = {
    PartKind.GATEWAY: (*_PROOF, "DATABASE_SYSTEM_URL"),
    PartKind.NODE: (
        *_PROOF, _DOOR, "STONEPINE_NODE_NAME", "DATABASE_SYSTEM_URL", "OBJECT_STORE_URL",
        "STONEPINE_KEYRING_DIR",
    ),
    PartKind.WEB: (*_PROOF, _DOOR, *_CONTROL),
    PartKind.WORKER: (*_PROOF, *_CONTROL),
}  # fmt: skip
# What a part has no use for it is not told, whatever its environment holds.
_SECRETS = {
    "DATABASE_URL", "REDIS_URL", "STONEPINE_SECRET_KEY", "STONEPINE_FORMER_SECRET_KEY",
    "STONEPINE_ROOT_KEY", "STONEPINE_SMTP_URL", "STONEPINE_METRICS_TOKEN",
}  # fmt: skip
_WITHHELD: dict[PartKind, set[str]] = {
    PartKind.GATEWAY: _SECRETS,
    PartKind.NODE: _SECRETS - {"STONEPINE_ROOT_KEY"},
    PartKind.WEB: set(),
    PartKind.WORKER: set(),
}
_NODE_LEASE_S = "8"
_HINT = "See docs/scale-out.md and docs/configuration.md."


@dataclass(frozen=True, slots=True)
class PartInstallation:
    """One part: what it is, what it is called, and the settings as `Installation` has them."""

    kind: PartKind
    name: str
    installation: Installation

    @classmethod
    def of(cls, home: Home, kind: PartKind, port: int | None = None) -> Self:
        """Read and check. Raises SetupError for all that is missing, or not fit for production."""
        _refuse_missing(kind)
        installation = Installation.read(home, port, with_owner=False)
        here = installation.environment
        if here.production:
            found = weaknesses(here, os.environ, of=_checked_in_production(kind))
            refuse_weaknesses(found)
        name = here.node_name if kind is PartKind.NODE else here.part_name or _machine_name()
        require_part_name(name)
        _refuse_bad_address(here)
        return cls(kind, name, installation)

    @property
    def environment(self) -> Environment:
        return self.installation.environment

    @property
    def door_address(self) -> str:
        """Where its door listens."""
        here = self.environment
        host, port = split_address(here.part_address)
        bound = here.part_bind_host or host
        return f"[{bound}]:{port}" if ":" in bound else f"{bound}:{port}"

    def children_environment(self) -> dict[str, str]:
        own = {"STONEPINE_PART_NAME": self.name}
        if self.kind is PartKind.NODE and "STONEPINE_NODE_LEASE_S" not in os.environ:
            own["STONEPINE_NODE_LEASE_S"] = _NODE_LEASE_S
        for name in _PROOF:
            own[name] = str(Path(os.environ[name]).absolute())
        withheld = dict.fromkeys(_WITHHELD[self.kind], "")
        return {**self.installation.children_environment(), **own, **withheld}

    def require_tables(self) -> None:
        """Raises SetupError unless the database is there and of this version."""
        url = self.environment.database_system_url.get_secret_value()
        try:
            with psycopg.connect(url, connect_timeout=5) as connection:
                row = connection.execute("SELECT to_regclass('dataplane_route')").fetchone()
        except psycopg.OperationalError as error:
            raise SetupError(
                f"The database of DATABASE_SYSTEM_URL does not let us in: {_first_line(error)}",
                hint="It must be reachable from this machine.",
            ) from None
        if row is None or row[0] is None:
            raise SetupError(
                "The database has no tables of this version of Stonepine yet.",
                hint="Run `stonepine migrate` once, where DATABASE_OWNER_URL is known.",
            )


def _refuse_missing(kind: PartKind) -> None:
    missing = [name for name in NEEDS[kind] if not os.environ.get(name)]
    if missing:
        are = "are" if len(missing) > 1 else "is"
        raise SetupError(
            f"`stonepine {kind}` needs {', '.join(missing)}, which {are} not set.", hint=_HINT
        )


def _refuse_bad_address(here: Environment) -> None:
    try:
        if here.part_address:
            split_address(here.part_address)
    except ValueError as error:
        raise SetupError(f"STONEPINE_PART_ADDRESS: {error}.", hint=_HINT) from None


def _checked_in_production(kind: PartKind) -> set[str]:
    """Of the things that production looks at, those that this kind of part has."""
    return {*NEEDS[kind], *({"gateway"} if kind is PartKind.GATEWAY else ())}


def _machine_name() -> str:
    return socket.gethostname().partition(".")[0].lower()


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0]
