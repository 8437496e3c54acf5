"""Every place where a running installation keeps bytes, looked through for what was planted."""

import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import redis

from cli.embedded.postgres import DATABASE, _programs
from cli.home import Home
from cli.settings import Installation
from tests.secrecy.scanner import Hit, Scanner
from tests.support.stack import Stack


def scan(stack: Stack, scanner: Scanner, *more: Path) -> Iterator[Hit]:
    """Its home, its sockets' folder, `more`, and what lies in no file of those: the database as it
    is dumped, the queues as they are now, command lines, and files that its processes hold open."""
    _write_everything_out(stack)
    for folder in (stack.home, *more):
        yield from scanner.scan_tree(folder)
    yield from scanner.scan_bytes("a dump of the database", _dump(stack))
    yield from _scan_queues(stack, scanner)
    for process in stack.processes():
        with contextlib.suppress(psutil.Error, OSError):
            yield from _scan_process(process, scanner, stack.home)


def _write_everything_out(stack: Stack) -> None:
    """What PostgreSQL holds in memory goes to its files."""
    with psycopg.connect(_superuser_url(stack), autocommit=True) as connection:
        connection.execute("CHECKPOINT")


def _dump(stack: Stack) -> bytes:
    """Values as they are, also those that PostgreSQL compresses in its files by ways of its own."""
    command = [str(_programs() / "pg_dump"), "--dbname", _superuser_url(stack, DATABASE)]
    return subprocess.run(command, capture_output=True, check=True, timeout=120).stdout


def _scan_queues(stack: Stack, scanner: Scanner) -> Iterator[Hit]:
    """All keys of all databases, in the form that Valkey would save them in."""
    installation = Installation.read(Home.at(stack.home))
    assert installation.valkey is not None
    for number in range(4):
        with redis.Redis(
            unix_socket_path=str(installation.valkey.socket),
            password=installation.valkey.password,
            db=number,
        ) as client:
            for key in client.scan_iter():
                content = key + b"\0" + (client.dump(key) or b"")
                yield from scanner.scan_bytes(f"Valkey, key {key!r}", content)


def _scan_process(process: psutil.Process, scanner: Scanner, home: Path) -> Iterator[Hit]:
    name = f"process {process.pid} ({process.name()})"
    told = "\0".join([*process.cmdline(), process.name()]).encode()
    yield from scanner.scan_bytes(f"{name}, its command line", told)
    environ = "\0".join(f"{key}={value}" for key, value in process.environ().items()).encode()
    yield from scanner.scan_bytes(f"{name}, its environment", environ)
    for path in _strays(process, home):
        yield from scanner.scan_bytes(f"{name}, {path.readlink()}", path.read_bytes())


def _strays(process: psutil.Process, home: Path) -> Iterator[Path]:
    """Files that it could write outside of the home, and those that have lost their name."""
    for path in Path(f"/proc/{process.pid}/fd").iterdir():
        with contextlib.suppress(OSError):
            target = str(path.readlink())
            is_memory = target.startswith(("/memfd:", "/dev/"))
            is_known = target.startswith(f"{home}/") and not target.endswith(" (deleted)")
            mode = int(_flags(process, path.name), 8) & os.O_ACCMODE
            if path.is_file() and not is_memory and not is_known and mode != os.O_RDONLY:
                yield path


def _flags(process: psutil.Process, number: str) -> str:
    lines = Path(f"/proc/{process.pid}/fdinfo/{number}").read_text().splitlines()
    return next(line.split()[1] for line in lines if line.startswith("flags:"))


def _superuser_url(stack: Stack, database: str = "postgres") -> str:
    installation = Installation.read(Home.at(stack.home))
    assert installation.postgres is not None
    return installation.postgres.url("postgres", database)
