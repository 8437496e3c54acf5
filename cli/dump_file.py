"""A dump as a file: what it says of itself, then the database, sealed under the keyring.

file = line that names the form ‖ sealed object (`keyring/stream.py`)
object = length (4 bytes) ‖ header (JSON) ‖ the database as pg_dump gives it
"""

import json
import os
import secrets
import struct
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from itertools import chain
from pathlib import Path
from typing import Self

from cli.errors import SetupError
from cli.private_files import cannot_write
from keyring import files
from keyring.envelope import context
from keyring.local import LocalKeyring
from keyring.stream import SealedReader, seal_stream
from kit.errors import DataLoss

_FORM = b"stonepine dump 1\n"
_LENGTH = struct.Struct(">I")
_PURPOSE = "dump"
_BYTES_A_READ = 8 << 20


@dataclass(frozen=True, slots=True)
class Header:
    """`made_at` is ISO 8601; `migrations` are (app, name) of what its tables have been through."""

    made_at: str
    migrations: list[tuple[str, str]]


def write_dump(
    path: Path,
    keyring: LocalKeyring,
    header: Header,
    database: Iterable[bytes],
    *,
    confirm: Callable[[], None],
) -> int:
    """Write the file whole, durably, mode 0600, and return its size. One that is there stays.

    `confirm` is called before the file has its name, and may raise to prevent that.
    """
    if path.exists():
        raise SetupError(f"{path} exists already.", hint="Name a new file, or a folder.")
    told = json.dumps(asdict(header)).encode()
    plain = chain([_LENGTH.pack(len(told)) + told], database)
    sealed = seal_stream(keyring.derive(_PURPOSE), plain, context=context(_PURPOSE))
    scratch = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        descriptor = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            for chunk in chain([_FORM], sealed):
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
            size = file.tell()
        confirm()
        os.link(scratch, path)
        files.sync_folder(path.parent)
    except OSError as error:
        raise cannot_write(path, error) from error
    finally:
        scratch.unlink(missing_ok=True)
    return size


class DumpFile:
    """A dump that opened with the keyring; every byte it hands out was authenticated."""

    def __init__(self, descriptor: int, key: bytes) -> None:
        size = os.fstat(descriptor).st_size - len(_FORM)
        self._reader = SealedReader(
            lambda _version: key,
            lambda offset, length: os.pread(descriptor, length, len(_FORM) + offset),
            size,
            context=context(_PURPOSE),
        )
        (length,) = _LENGTH.unpack(self._reader.read(0, _LENGTH.size))
        self._start = _LENGTH.size + length
        told = json.loads(self._reader.read(_LENGTH.size, length))
        self.header = Header(told["made_at"], [(app, name) for app, name in told["migrations"]])

    @classmethod
    def open(cls, path: Path, keyring: LocalKeyring) -> Self:
        """Raises SetupError for what is no dump, and for one of another keyring."""
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError as error:
            raise SetupError(f"The dump {path} cannot be read: {error.strerror}.") from error
        if os.pread(descriptor, len(_FORM), 0) != _FORM:
            raise SetupError(f"{path} is no dump of an installation.")
        failure: DataLoss | None = None
        for key in keyring.derived(_PURPOSE):
            try:
                return cls(descriptor, key)
            except DataLoss as error:
                failure = failure or error
        raise SetupError(
            f"The dump {path} does not open with this keyring: {failure}",
            hint="It is damaged, or it was made with another keyring, or before its root key was "
            "rotated and retired: then the copy of the keyring from that time opens it.",
        ) from failure

    def database(self) -> Iterator[bytes]:
        """Raises `DataLoss` where it was changed."""
        size = self._reader.size
        for start in range(self._start, size, _BYTES_A_READ):
            yield self._reader.read(start, min(_BYTES_A_READ, size - start))
