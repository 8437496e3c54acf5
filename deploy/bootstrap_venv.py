"""Creates the virtual environment from a lock file: standard library only, on the system's Python.

    python3 deploy/bootstrap_venv.py .venv requirements/base.txt

Everything comes from wheels whose hashes the lock names. The pinned `uv` installs them, because it
is several times quicker than pip; where it cannot (a proxy it does not like, a platform without a
wheel of it), pip does. Both use the index that pip is configured for. The syntax stays readable
for Python 3.7, so that an old one is told that it is too old.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

PROJECT = Path(__file__).resolve().parent.parent
INSTALLER_LOCK = PROJECT / "requirements" / "installer.txt"
OLDEST_PYTHON = (3, 11)
TAIL_LINES = 15
# pip's settings, and what uv calls them.
UV_NAMES = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "find-links": "UV_FIND_LINKS",
    "cert": "SSL_CERT_FILE",
}


class SetupFailed(Exception):
    """Told to the person at the terminal: what is wrong, then what to do."""


def main(arguments: list[str]) -> None:
    if len(arguments) != 2:
        raise SetupFailed("Usage: bootstrap_venv.py VENV LOCKFILE")
    check_python(sys.version_info[:3], has_module=has_module)
    venv, lock = (Path(argument).absolute() for argument in arguments)
    began = time.monotonic()
    create(venv)
    install_locked(venv, lock)
    install_project(venv)
    say(f"The environment is ready after {time.monotonic() - began:.0f} s.")


def has_module(name: str) -> bool:
    return importlib.util.find_spec(name) is not None


def check_python(version: tuple[int, ...], *, has_module: Callable[[str], bool]) -> None:
    """Refuse an old Python, and one that Debian delivers without what makes environments."""
    if version[:2] < OLDEST_PYTHON:
        found = ".".join(map(str, version))
        raise SetupFailed(
            f"Stonepine needs Python 3.11 or newer; this is {found}.\n"
            "Install a newer one and name it: make up PYTHON=python3.11"
        )
    if not (has_module("venv") and has_module("ensurepip")):
        raise SetupFailed(
            "This Python has no venv module: Debian and Ubuntu deliver it apart.\n"
            f"Install it: apt install python3-venv (or python{version[0]}.{version[1]}-venv)"
        )


def create(venv: Path) -> None:
    """A new environment, unless a working one of this Python's version is there."""
    if not is_usable(venv):
        run(f"Creating {shown(venv)}", [sys.executable, "-m", "venv", "--clear", str(venv)])


def is_usable(venv: Path) -> bool:
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    program = "import sys, pip; print(f'{sys.version_info[0]}.{sys.version_info[1]}')"
    try:
        return output_of([str(venv / "bin" / "python"), "-c", program]).strip() == version
    except OSError:
        return False


def install_locked(venv: Path, lock: Path) -> None:
    what = f"Installing what {shown(lock)} pins"
    locked = ["--require-hashes", "--only-binary", ":all:", "--requirement"]
    pip = [*pip_install(venv), *locked]
    uv = [str(venv / "bin" / "uv"), "pip", "install", "--quiet", "--python", python_of(venv)]
    try:
        run("Fetching the installer", [*pip, str(INSTALLER_LOCK)])
        run(what, [*uv, *locked, str(lock)], uv_environment(venv))
    except SetupFailed as failure:
        reason = str(failure).strip().splitlines()[-1]
        say(f"uv cannot install here, so pip does, which takes longer. ({reason})")
        # pip would look for hashes of what is asked for with extras, under names the lock has not.
        run(f"{what}, with pip", [*pip, str(lock), "--no-deps"])


def install_project(venv: Path) -> None:
    without_index = ["--no-index", "--no-deps", "--no-build-isolation"]
    run("Linking the project", [*pip_install(venv), *without_index, "--editable", str(PROJECT)])


def python_of(venv: Path) -> str:
    return str(venv / "bin" / "python")


def pip_install(venv: Path) -> list[str]:
    return [python_of(venv), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]


def uv_environment(venv: Path) -> dict[str, str]:
    """pip's index, certificates and local wheels under uv's names, for this one run; and like pip
    it trusts whom the machine trusts.

    Variables, which pip lists as `:env:.index-url`, outrank its files.
    """
    found = {"UV_SYSTEM_CERTS": "true"}
    lines = output_of([python_of(venv), "-m", "pip", "config", "list"]).splitlines()
    for line in sorted(lines, key=lambda line: line.startswith(":env:")):
        name, _, value = line.partition("=")
        target = UV_NAMES.get(name.rpartition(".")[2])
        if target is not None:
            parts = value.strip("'\"").replace("\\n", " ").split()
            found[target] = ("," if target == "UV_FIND_LINKS" else " ").join(parts)
    return {**found, **os.environ}


def output_of(command: list[str]) -> str:
    result = subprocess.run(  # noqa: S603 - our own commands
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False
    )
    return result.stdout if result.returncode == 0 else ""


def run(what: str, command: list[str], environment: dict[str, str] | None = None) -> None:
    """Run a step, telling how long it takes; its output is shown only where it fails."""
    began = time.monotonic()
    with Ticker(what, began):
        result = subprocess.run(  # noqa: S603 - our own commands
            command, cwd=PROJECT, env=environment, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
        )  # fmt: skip
    if result.returncode != 0:
        end = "\n".join(result.stdout.strip().splitlines()[-TAIL_LINES:])
        raise SetupFailed(f"{what} failed:\n{end}")
    say(f"{what}: {time.monotonic() - began:.0f} s")


class Ticker:
    """Counts the seconds on one line while a step runs; silent where there is no terminal."""

    def __init__(self, what: str, began: float) -> None:
        self._what, self._began = what, began
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._tick, daemon=True)

    def __enter__(self) -> None:
        if sys.stderr.isatty():
            self._thread.start()

    def __exit__(self, *_failure: object) -> None:
        self._is_over.set()
        if self._thread.ident is not None:
            self._thread.join()
            sys.stderr.write("\r\033[K")

    def _tick(self) -> None:
        while not self._is_over.wait(0.2):
            sys.stderr.write(f"\r{self._what} … {time.monotonic() - self._began:.0f} s")
            sys.stderr.flush()


def shown(path: Path) -> str:
    """As somebody in this folder would name it."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def say(line: str) -> None:
    sys.stderr.write(line + "\n")


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except SetupFailed as failure:
        say(f"Error: {failure}")
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)
