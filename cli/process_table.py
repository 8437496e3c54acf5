"""The processes of one machine: commands, order, readiness, and how each is brought to an end."""

import os
import signal
import sys

from cli.embedded import envoy
from cli.embedded.identity import Identity
from cli.embedded.postgres import EmbeddedPostgres
from cli.embedded.valkey import EmbeddedValkey
from cli.processes import SOCKET, Probe, ProbeKind, ProcessSpec
from cli.settings import Installation
from gateway.settings import GatewaySettings
from kit.environment import Environment
from kit.parts import PartKind

_MAX_GATEWAY_THREADS = 4
_WEB_THREADS = 64
# To glibc's malloc: blocks of a memtable's size are the kernel's own mappings, which go back whole.
# By itself it soon takes them from the heap, which after an ingest holds their gaps for good.
_LARGE_BLOCKS_GO_BACK = {
    "MALLOC_MMAP_THRESHOLD_": str(1024 * 1024),
    "MALLOC_TRIM_THRESHOLD_": str(16 * 1024 * 1024),
}
# First who brings in work, then who does it, then who keeps it.
_FACES, _WORKERS, _ENGINES, _STORES = range(4)


def process_table(
    installation: Installation, identity: Identity, *, must_migrate: bool
) -> list[ProcessSpec]:
    """All processes in the order they are shown in."""
    table: list[ProcessSpec] = []
    database: list[str] = []
    stores: list[str] = []
    # Nodes take up a database that comes back whenever it does; what they cannot do without are
    # tables. They start beside its recovery, so writes are taken again that much sooner.
    tables: list[str] = []
    if installation.postgres is not None:
        table.append(_postgres(installation.postgres, identity))
        database = ["postgres"]
    if installation.valkey is not None:
        table.append(_valkey(installation.valkey))
        stores = ["valkey"]
    if must_migrate:
        table.append(_database_step(installation, database))
        database = tables = ["database"]
    return [
        *table,
        gateway(installation.environment),
        *_python_processes(installation.environment, tables, [*database, *stores]),
    ]


def _postgres(server: EmbeddedPostgres, identity: Identity) -> ProcessSpec:
    return ProcessSpec(
        name="postgres",
        argv=server.argv(),
        is_ours=False,
        probe=Probe(ProbeKind.POSTMASTER, str(server.data_dir)),
        uid=identity.uid,
        gid=identity.gid,
        # Immediate shutdown for the kernel's word, fast shutdown for ours.
        death_signal=signal.SIGQUIT,
        stop_signal=signal.SIGINT,
        stop_after_s=20,
        stop_stage=_STORES,
        folder=str(server.data_dir),
        stale_files=[
            str(server.data_dir / "postmaster.pid"),
            str(server.socket_dir / ".s.PGSQL.5432.lock"),
        ],
    )


def _valkey(server: EmbeddedValkey) -> ProcessSpec:
    return ProcessSpec(
        name="valkey",
        argv=server.argv(),
        is_ours=False,
        probe=Probe(ProbeKind.VALKEY, str(server.socket), password=server.password),
        death_signal=signal.SIGTERM,
        stop_stage=_STORES,
    )


def _database_step(installation: Installation, needs: list[str]) -> ProcessSpec:
    return ProcessSpec(
        name="database",
        argv=[sys.executable, "-m", "cli.database", *(["--embedded"] if needs else [])],
        probe=Probe(ProbeKind.ALIVE),
        needs=needs,
        environment=installation.owner_environment(),
        stop_stage=_WORKERS,
        is_one_shot=True,
    )


def gateway(environment: Environment, *, name: str = "gateway") -> ProcessSpec:
    settings = GatewaySettings.of(environment)
    threads = min(os.cpu_count() or 1, _MAX_GATEWAY_THREADS)
    return ProcessSpec(
        name=name,
        argv=envoy.argv(settings.bootstrap_file, concurrency=threads),
        is_ours=False,
        probe=Probe(ProbeKind.HTTP, str(settings.admin_socket), "/ready"),
        stop_stage=_FACES,
    )


def _python_processes(
    environment: Environment, tables: list[str], all_stores: list[str]
) -> list[ProcessSpec]:
    return [
        web(environment, all_stores),
        worker(all_stores),
        scheduler(all_stores),
        *node(environment, tables),
    ]


def web(environment: Environment, needs: list[str]) -> ProcessSpec:
    command = [
        "granian", "config.wsgi:application", "--interface", "wsgi",
        "--uds", SOCKET, "--uds-permissions", "0600",
        "--workers", "1", "--blocking-threads", str(_WEB_THREADS), "--no-ws",
        "--log-level", "warning",
    ]  # fmt: skip
    return ProcessSpec(
        name="web",
        argv=[sys.executable, "-m", *command],
        probe=Probe(ProbeKind.HTTP, target="/healthz"),
        needs=needs,
        death_signal=signal.SIGTERM,  # its worker process ends with it only when asked
        stop_stage=_WORKERS,
        signs=True,
        face=str(environment.web_socket),
    )


def worker(needs: list[str]) -> ProcessSpec:
    return _celery("worker", needs, stage=_WORKERS)


def scheduler(needs: list[str]) -> ProcessSpec:
    return _celery("scheduler", needs, stage=_FACES)


def node(environment: Environment, needs: list[str]) -> list[ProcessSpec]:
    """Its engines and their front."""
    engines = enumerate(environment.engine_sockets)
    return [
        *(_engine(number, str(socket), needs) for number, socket in engines),
        ProcessSpec(
            name="node-front",
            argv=[sys.executable, "-m", "dataplane.front"],
            probe=Probe(ProbeKind.HTTP, str(environment.node_rest_socket), "/.stonepine/healthz"),
            needs=needs,
            stop_stage=_WORKERS,
        ),
    ]


def imports() -> ProcessSpec:
    """What gives imports into indexes of a node on a machine of its own their turns."""
    return ProcessSpec(
        name="imports",
        argv=[sys.executable, "-m", "dataplane.importer.turns"],
        probe=Probe(ProbeKind.ALIVE),
        stop_stage=_FACES,
        stop_after_s=4,
    )


def part_keeper(kind: PartKind) -> ProcessSpec:
    """What makes a gateway or web known to the others, and a gateway's ways known to it."""
    return ProcessSpec(
        name="keeper",
        argv=[sys.executable, "-m", "cli.part_keeper", str(kind)],
        probe=Probe(ProbeKind.NOTIFY),
        stop_stage=_FACES,
        stop_after_s=4,
    )


def _engine(number: int, socket: str, needs: list[str]) -> ProcessSpec:
    return ProcessSpec(
        name=f"node-engine-{number}" if number else "node-engine",
        argv=[sys.executable, "-m", "dataplane.engine"],
        environment={"STONEPINE_ENGINE_NUMBER": str(number), **_LARGE_BLOCKS_GO_BACK},
        probe=Probe(ProbeKind.SOCKET, socket),
        needs=needs,
        stop_stage=_ENGINES,
    )


def _celery(name: str, needs: list[str], *, stage: int) -> ProcessSpec:
    return ProcessSpec(
        name=name,
        argv=[sys.executable, "-m", "cli.celery_process", name],
        # They import every page, a second's work; `make check` runs them for everybody.
        environment={"CELERY_SKIP_CHECKS": "1"},
        probe=Probe(ProbeKind.NOTIFY),
        needs=needs,
        stop_stage=stage,
        stop_after_s=4,
        signs=True,
    )
