"""What all parts of an installation share, each on a machine: PostgreSQL, Valkey, folders."""

import contextlib
import secrets
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from cli.embedded.postgres import APPLICATION, OWNER, ROLES, SYSTEM, EmbeddedPostgres
from cli.embedded.valkey import EmbeddedValkey
from tests.support.machines import Machine, Wire
from tests.support.waiting import wait_until


@dataclass
class Store:
    """One server on its machine; what it has written outlives it."""

    machine: Machine
    argv: Sequence[str]
    log: Path
    _process: "subprocess.Popen[bytes] | None" = None

    def start(self) -> None:
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self.machine.command(*self.argv), stdout=log, stderr=log, cwd="/"
            )

    def end(self, how: signal.Signals) -> None:
        """With `SIGKILL` all of its processes at once, as when the machine is switched off."""
        assert self._process is not None
        whole = psutil.Process(self._process.pid)
        family = whole.children(recursive=True) if how is signal.SIGKILL else []
        for member in (whole, *family):
            with contextlib.suppress(psutil.NoSuchProcess):
                member.send_signal(how)
        self._process.wait(timeout=30)
        psutil.wait_procs(family, timeout=30)


@dataclass(frozen=True)
class SharedStores:
    """`settings` are the variables that name them."""

    postgres: Store
    valkey: Store
    settings: dict[str, str]


@contextmanager
def shared_stores(wire: Wire, folder: Path) -> Iterator[SharedStores]:
    """Both servers run for the block; objects and keys are in folders."""
    postgres, database = _postgres(wire.machine("db"), folder)
    valkey, cache = _valkey(wire.machine("cache"), folder)
    (folder / "objects").mkdir()
    urls = {
        name: f"postgresql://{role}:{database.passwords[role]}@{postgres.machine.address}/stonepine"
        for name, role in (
            ("DATABASE_URL", APPLICATION),
            ("DATABASE_SYSTEM_URL", SYSTEM),
            ("DATABASE_OWNER_URL", OWNER),
        )
    }
    others = {
        "REDIS_URL": f"redis://:{cache.password}@{valkey.machine.address}:6379/0",
        "OBJECT_STORE_URL": (folder / "objects").as_uri(),
        "STONEPINE_KEYRING_DIR": str(folder / "keyring"),
        "STONEPINE_SECRET_KEY": secrets.token_urlsafe(32),
    }
    postgres.start()
    valkey.start()
    try:
        wait_until(database.is_accepting, timeout_s=60, what="PostgreSQL accepts connections")
        database.ensure_database()
        yield SharedStores(postgres, valkey, urls | others)
    finally:
        postgres.end(signal.SIGINT)
        valkey.end(signal.SIGTERM)


def _postgres(machine: Machine, folder: Path) -> tuple[Store, EmbeddedPostgres]:
    server = EmbeddedPostgres(
        data_dir=folder / "data",
        socket_dir=folder / "s",
        passwords={role: secrets.token_urlsafe(12) for role in ROLES},
        is_durable=False,
    )
    identity = server.prepare()
    network = machine.address.rpartition(".")[0]
    with (server.data_dir / "pg_hba.conf").open("a") as rules:
        rules.write(f"host all all {network}.0/24 scram-sha-256\n")
    own = ["setpriv", f"--reuid={identity.uid}", f"--regid={identity.gid}", "--clear-groups"]
    more = ["-c", f"listen_addresses={machine.address}", "-c", "scram_iterations=1"]
    return Store(machine, [*own, *server.argv(), *more], folder / "postgres.log"), server


def _valkey(machine: Machine, folder: Path) -> tuple[Store, EmbeddedValkey]:
    server = EmbeddedValkey(folder / "valkey", folder / "s" / "valkey.sock", secrets.token_hex(16))
    server.prepare()
    argv = [*server.argv(), "--bind", machine.address, "--port", "6379"]
    return Store(machine, argv, folder / "valkey.log"), server
