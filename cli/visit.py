"""Into an installation whether it runs or not: of one that stands still its database is started."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cli.embedded.postgres import EmbeddedPostgres
from cli.entry import enter, is_of_parts
from cli.errors import SetupError
from cli.home import Home
from cli.instance import InstanceLock, running
from cli.settings import Installation
from cli.unfinished import refuse_unfinished

_START_TIMEOUT_S = 120
_STOP_TIMEOUT_S = 60
_LOOK_EVERY_S = 0.05


@contextmanager
def visiting(home: Path | None) -> Iterator[None]:
    """As `enter`. Where nothing runs, nothing can be started meanwhile, nor runs afterwards."""
    chosen = Home.at(home)
    if is_of_parts() or running(chosen) is not None:
        enter(home)
        yield
        return
    if not chosen.exists():
        raise SetupError(f"{chosen.path} holds no installation.")
    refuse_unfinished(chosen)
    lock = InstanceLock.take(chosen)
    try:
        installation = Installation.of(chosen)
        os.environ.update(installation.children_environment())
        with _database(installation.postgres):
            import django

            django.setup()
            yield
    finally:
        lock.release()


@contextmanager
def _database(server: EmbeddedPostgres | None) -> Iterator[None]:
    if server is None:  # one of the operator's own, which is there or is not
        yield
        return
    with running_server(server):
        yield


@contextmanager
def running_server(server: EmbeddedPostgres) -> Iterator[None]:
    """The embedded PostgreSQL for the block, without a supervisor. The caller holds the lock."""
    identity = server.prepare()
    process = subprocess.Popen(  # noqa: S603 - our own program, our own arguments
        server.argv(),
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        cwd=server.data_dir, env={"LC_ALL": "C", "PATH": os.defpath},
        user=identity.uid, group=identity.gid,
        extra_groups=None if identity.uid is None else [], start_new_session=True,
    )  # fmt: skip
    try:
        _wait_until_accepting(server, process)
        yield
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(_STOP_TIMEOUT_S)


def _wait_until_accepting(server: EmbeddedPostgres, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + _START_TIMEOUT_S
    while not server.is_accepting():
        if process.poll() is not None or time.monotonic() > deadline:
            raise SetupError(
                "The embedded PostgreSQL does not start.",
                hint=f"`stonepine up` writes its log to {server.data_dir.parent / 'logs'}.",
            )
        time.sleep(_LOOK_EVERY_S)
