"""The embedded PostgreSQL's database as one stream of bytes, out of it and into an empty one."""

import os
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import BinaryIO

from cli.embedded.postgres import EmbeddedPostgres
from cli.errors import SetupError

_CHUNK_BYTES = 1 << 20
_TOLD_CHARACTERS = 400
# The log comes back from its archive, leases are taken anew, and whoever was signed in signs in
# again: a session that was ended since must not live once more.
_LEFT_OUT = ("log_batch", "log_lease", "django_session", "usersessions_usersession")


def copied_out(server: EmbeddedPostgres) -> Iterator[bytes]:
    """Tables, rights and rows as of one moment, in pg_dump's own form. Nobody waits for it."""
    left_out = (f"--exclude-table-data=public.{table}" for table in _LEFT_OUT)
    arguments = ["--format=custom", "--lock-wait-timeout=30s", *left_out]
    with _running(server, "pg_dump", arguments) as process:
        assert process.stdout is not None
        while chunk := process.stdout.read(_CHUNK_BYTES):
            yield chunk


def copy_in(server: EmbeddedPostgres, chunks: Iterable[bytes]) -> None:
    """All of it or nothing, into a database without tables."""
    with _running(server, "pg_restore", ["--exit-on-error", "--single-transaction"]) as process:
        assert process.stdin is not None
        try:
            for chunk in chunks:
                process.stdin.write(chunk)
            process.stdin.close()
        except BrokenPipeError:
            return  # what it complained about is told in a moment
        except BaseException:
            process.kill()  # before it takes the end of the stream for the end of the copy
            raise


@contextmanager
def _running(
    server: EmbeddedPostgres, program: str, arguments: list[str]
) -> "Iterator[subprocess.Popen[bytes]]":
    """Raises SetupError where the program fails."""
    with tempfile.TemporaryFile() as complaints:
        process = subprocess.Popen(  # noqa: S603 - our own program, our own arguments
            [str(server.program(program)), *arguments, "--no-password",
             f"--dbname={server.superuser_url_without_password()}"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=complaints,
            env={"LC_ALL": "C", "PATH": os.defpath, "PGPASSWORD": server.superuser_password()},
        )  # fmt: skip
        with process:
            yield process
        if process.returncode != 0:
            raise SetupError(f"{program} failed: {_end_of(complaints)}")


def _end_of(file: BinaryIO) -> str:
    file.seek(0)
    return file.read().decode(errors="replace").strip()[-_TOLD_CHARACTERS:]
