"""The home folder: what lies where, which secrets it holds, what it remembers of the last start."""

import hashlib
import json
import os
import secrets
import tempfile
from dataclasses import MISSING, asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from cli.errors import SetupError
from cli.private_files import cannot_write, private_folder, write_private

# sockaddr_un holds 108 bytes with the final zero; the longest name we put into a run folder.
_MAX_SOCKET_PATH = 107
_LONGEST_SOCKET_NAME = "postgres/.s.PGSQL.5432.lock"
DEFAULT_PORT = 8080
SECRET_KEY, _FORMER_SECRET_KEY = "STONEPINE_SECRET_KEY", "STONEPINE_FORMER_SECRET_KEY"


@dataclass(frozen=True, slots=True, repr=False)
class Secrets:
    """Made once for a home. They never leave it but in the environment of its processes."""

    owner_password: str
    app_password: str
    system_password: str
    valkey_password: str
    secret_key: str
    # "" where there is none.
    former_secret_key: str = ""


@dataclass(frozen=True, slots=True)
class Home:
    """One installation on this machine; both paths are absolute."""

    path: Path
    chosen_run_dir: Path | None = None

    @classmethod
    def at(cls, path: Path | None) -> "Home":
        """The named home, else `STONEPINE_HOME`, else `.stonepine` here."""
        chosen = os.environ.get("STONEPINE_RUN_DIR")
        return cls(
            (path or Path(os.environ.get("STONEPINE_HOME") or ".stonepine")).absolute(),
            Path(chosen).absolute() if chosen else None,
        )

    def create(self) -> None:
        """Make the folders; refuses a home that belongs to somebody else. Idempotent."""
        private_folder(self.path)
        for folder in (
            self.log_dir, self.gateway_dir, self.tls_dir, self.valkey_dir, self.objects_dir,
        ):  # fmt: skip
            private_folder(folder)
        private_folder(self.run_dir, may_be_link=False)

    @property
    def run_dir(self) -> Path:
        """Unix sockets: inside the home, or in the temporary folder where that path is too long."""
        if self.chosen_run_dir is not None:
            return self.chosen_run_dir
        inside = self.path / "run"
        if len(os.fsencode(inside / _LONGEST_SOCKET_NAME)) <= _MAX_SOCKET_PATH:
            return inside
        digest = hashlib.sha256(os.fsencode(self.path)).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"stonepine-{os.geteuid()}-{digest}"

    @property
    def log_dir(self) -> Path:
        return self.path / "logs"

    @property
    def gateway_dir(self) -> Path:
        return self.path / "gateway"

    @property
    def tls_dir(self) -> Path:
        return self.path / "tls"

    @property
    def valkey_dir(self) -> Path:
        return self.path / "valkey"

    @property
    def postgres_dir(self) -> Path:
        return self.path / "postgres"

    @property
    def objects_dir(self) -> Path:
        return self.path / "objects"

    @property
    def keyring_dir(self) -> Path:
        return self.path / "keyring"

    @property
    def lock_file(self) -> Path:
        return self.path / "stonepine.lock"

    @property
    def status_file(self) -> Path:
        return self.run_dir / "status.json"

    def exists(self) -> bool:
        return self._memory_file.exists()

    def secrets(self) -> Secrets:
        """The home's secrets, made at the first call."""
        path = self.path / "secrets.json"
        found = _read_json(path)
        known = {
            field.name: str(found.get(field.name) or _made(field.default))
            for field in fields(Secrets)
        }
        made = Secrets(**known)
        if asdict(made) != found:
            self._keep(made)
        return made

    def rotate_secret_key(self) -> None:
        """A new one; the one of today becomes the former one. Refused while there is one already:
        what that signed would end."""
        now = self.secrets()
        if now.former_secret_key:
            raise SetupError(
                "The secret key was rotated before, and its former one is still believed.",
                hint="Retire that first: `stonepine keys rotate-secret-key --retire`.",
            )
        new = secrets.token_urlsafe(32)
        self._keep(replace(now, secret_key=new, former_secret_key=now.secret_key))

    def retire_secret_key(self) -> bool:
        """Forget the former one; whether there was one."""
        now = self.secrets()
        self._keep(replace(now, former_secret_key=""))
        return bool(now.former_secret_key)

    def remembered(self) -> dict[str, Any]:
        """What the last start noted: its `port` and whether the first owner exists."""
        return _read_json(self._memory_file)

    def remember(self, **facts: object) -> None:
        before = self.remembered()
        if before | facts != before:
            write_private(self._memory_file, json.dumps(before | facts, indent=1).encode())

    def _keep(self, made: Secrets) -> None:
        write_private(self.path / "secrets.json", json.dumps(asdict(made), indent=1).encode())

    @property
    def _memory_file(self) -> Path:
        return self.path / "config.json"


def secret_keys(home: Home) -> dict[str, str]:
    """Those of the home, by the variables that tell them."""
    known = home.secrets()
    return {SECRET_KEY: known.secret_key, _FORMER_SECRET_KEY: known.former_secret_key}


def _made(default: object) -> str:
    return str(secrets.token_urlsafe(32) if default is MISSING else default)


def _read_json(path: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(path.read_bytes()))
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise SetupError(
            f"{path} is damaged.", hint="Restore it from a backup; it is never written in parts."
        ) from error
    except OSError as error:
        raise cannot_write(path, error) from error
