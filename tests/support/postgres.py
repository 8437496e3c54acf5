"""A throw-away PostgreSQL of the embedded kind, with the three roles of the real one."""

import secrets
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cli.embedded.postgres import ROLES, EmbeddedPostgres
from tests.support.waiting import wait_until

# Tests connect thousands of times, and passwords out of 96 random bits need no stretching.
_QUICK = ["-c", "scram_iterations=1"]


@contextmanager
def running_postgres(
    folder: Path | None = None, *, is_durable: bool = False
) -> Iterator[EmbeddedPostgres]:
    """A server that lives for the block; its folder goes with it."""
    with tempfile.TemporaryDirectory(prefix="sp-pg-", ignore_cleanup_errors=True) as scratch:
        base = folder or Path(scratch)
        server = EmbeddedPostgres(
            data_dir=base / "data",
            socket_dir=Path(scratch) / "s",
            passwords={role: secrets.token_urlsafe(12) for role in ROLES},
            is_durable=is_durable,
        )
        identity = server.prepare()
        with (base / "postgres.log").open("wb") as log:
            process = subprocess.Popen(
                [*server.argv(), *_QUICK],
                stdout=log, stderr=log, cwd="/",
                user=identity.uid, group=identity.gid,
                extra_groups=None if identity.uid is None else [],
            )  # fmt: skip
        try:
            wait_until(server.is_accepting, timeout_s=30, what="PostgreSQL accepts connections")
            yield server
        finally:
            process.send_signal(subprocess.signal.SIGINT)
            process.wait(timeout=30)
