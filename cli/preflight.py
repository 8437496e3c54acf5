"""What must hold before anything is started; each refusal says what to do."""

import errno
import os
import socket
import sys
from pathlib import Path

import psutil

from cli.errors import SetupError

_MIN_FREE_BYTES = 128 * 1024 * 1024
_MIN_FREE_INODES = 1_000
_MIN_PYTHON = (3, 11)


def check_python() -> None:
    if sys.version_info < _MIN_PYTHON:
        found = ".".join(map(str, sys.version_info[:3]))
        raise SetupError(
            f"Stonepine needs Python 3.11 or newer; this is {found}.",
            hint="`make setup PYTHON=python3.11` chooses another one.",
        )


def check_room(
    folder: Path, *, min_bytes: int = _MIN_FREE_BYTES, min_inodes: int = _MIN_FREE_INODES
) -> None:
    """Refuse a disk that is full, or nearly so."""
    existing = next(path for path in [folder, *folder.parents] if path.exists())
    volume = os.statvfs(existing)
    free = volume.f_bavail * volume.f_frsize
    if free < min_bytes:
        raise SetupError(
            f"The disk of {folder} is full: {free // 2**20} MB are free.",
            hint=f"Free some space, or choose another --home. {min_bytes // 2**20} MB are needed.",
        )
    if volume.f_files and volume.f_favail < min_inodes:
        raise SetupError(
            f"The disk of {folder} has no room for files: {volume.f_favail} inodes are free.",
            hint="Delete files (`df -i` shows where they are), or choose another --home.",
        )


def check_port(host: str, port: int) -> None:
    """Refuse a port that somebody listens on, and name them."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        # As servers do: connections of a previous one that linger do not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except PermissionError as error:
            raise SetupError(
                f"Only root may use port {port}.", hint="Choose a --port above 1023."
            ) from error
        except OSError as error:
            reason = _holder(port) if error.errno == errno.EADDRINUSE else str(error.strerror)
            raise SetupError(
                f"Port {port} on {host} cannot be used: {reason}.",
                hint="Choose another one with --port (with make: PORT=…).",
            ) from error


def _holder(port: int) -> str:
    try:
        for connection in psutil.net_connections("inet"):
            address = connection.laddr
            if connection.status == psutil.CONN_LISTEN and address and address.port == port:
                if connection.pid is None:
                    break
                name = psutil.Process(connection.pid).name()
                return f"{name} (process {connection.pid}) listens there"
    except psutil.Error:
        pass
    return "somebody listens there already"
