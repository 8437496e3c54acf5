"""The official clients, each in an interpreter of its own, so that they meet only on the wire."""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.stack import REPOSITORY, Stack

NEWEST, OLDER = "10.2.0", "9.0.1"
VERSIONS = (OLDER, NEWEST)

_SCENARIOS = REPOSITORY / "tests" / "contract" / "scenarios"
_TYPESCRIPT = REPOSITORY / "examples" / "typescript"
_LOCK = REPOSITORY / "requirements" / "pinecone-9.txt"


def interpreter(version: str) -> Path:
    """A Python that has this version of `pinecone`; makes the older one's environment once."""
    if version == NEWEST:
        return Path(sys.executable)
    folder = REPOSITORY / ".venv-pinecone-9"
    python, mark = folder / "bin" / "python", folder / ".ready"
    digest = hashlib.sha256(_LOCK.read_bytes()).hexdigest()
    with _alone(".venv-pinecone-9.lock"):
        if not mark.exists() or mark.read_text() != digest:
            _install([sys.executable, "-m", "venv", "--clear", str(folder)])
            _install([str(python), "-m", "pip", "install", "--quiet", "--require-hashes",
                      "--only-binary", ":all:", "-r", str(_LOCK)])  # fmt: skip
            mark.write_text(digest)
    return python


def typescript_folder() -> Path:
    """The TypeScript example, installed and compiled. Without Node: skipped, but failed in CI."""
    if shutil.which("npm") is None:
        _do_without("Node is not installed: the TypeScript client cannot run")
    with _alone("typescript.lock"):
        if not (_TYPESCRIPT / "node_modules" / "@pinecone-database").exists():
            _install(["npm", "ci", "--no-audit", "--no-fund"], cwd=_TYPESCRIPT)
        _install(["npx", "tsc"], cwd=_TYPESCRIPT)
    return _TYPESCRIPT


def run_scenario(stack: Stack, name: str, *arguments: str, version: str = NEWEST) -> str:
    """Run tests/contract/scenarios/<name>.py against the stack; its own asserts decide."""
    script = _SCENARIOS / f"{name}.py"
    return run_client(stack, [str(interpreter(version)), "-W", "error", str(script), *arguments])


def run_client(stack: Stack, command: list[str], *, cwd: Path = REPOSITORY, **settings: str) -> str:
    """What the client printed; fails with all it said and the ends of the stack's logs."""
    result = subprocess.run(
        command, cwd=cwd, env=stack.client_environment() | settings, capture_output=True,
        text=True, timeout=240, check=False,
    )  # fmt: skip
    if result.returncode != 0:
        pytest.fail(
            f"{' '.join(command)}\n{result.stdout}\n{result.stderr}\n{stack.log_tails()}",
            pytrace=False,
        )
    return result.stdout


def _do_without(reason: str) -> None:
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


def _install(command: list[str], *, cwd: Path = REPOSITORY) -> None:
    result = subprocess.run(
        command, cwd=cwd, capture_output=True, text=True, check=False, timeout=300
    )
    assert result.returncode == 0, f"{' '.join(command)}\n{result.stdout}\n{result.stderr}"


@contextmanager
def _alone(name: str) -> Iterator[None]:
    """Test processes beside each other install one after the other."""
    with (Path(tempfile.gettempdir()) / f"stonepine-tests-{name}").open("wb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
