"""Generating `protocol/v1` from its protos: `python -m protocol.generate [--check]`."""

import argparse
import sys
import tempfile
from importlib.resources import files
from pathlib import Path

_ROOT = Path(__file__).parent.parent
_PROTOS = Path("protocol/v1")


def generate(into: Path) -> list[Path]:
    """Write the generated files below `into`; their paths, relative to it, in order."""
    # A development tool: what runs in production never imports it.
    from grpc_tools import protoc

    sources = sorted(str(path.relative_to(_ROOT)) for path in (_ROOT / _PROTOS).glob("*.proto"))
    status = protoc.main(
        [
            "protoc",
            f"-I{_ROOT}",
            f"-I{files('grpc_tools') / '_proto'}",
            f"--python_out={into}",
            f"--pyi_out={into}",
            f"--grpc_python_out={into}",
            *sources,
        ]
    )
    if status != 0:
        raise SystemExit(f"protoc ended with status {status}")
    return sorted(path.relative_to(into) for path in (into / _PROTOS).glob("*_pb2*.py*"))


def stale_files() -> list[Path]:
    """The checked-in files that differ from what the protos say now, relative to the project."""
    with tempfile.TemporaryDirectory() as scratch:
        fresh = {path: Path(scratch, path).read_bytes() for path in generate(Path(scratch))}
    present = {path.relative_to(_ROOT) for path in (_ROOT / _PROTOS).glob("*_pb2*.py*")}
    changed = {path for path in fresh if _bytes_of(_ROOT / path) != fresh[path]}
    return sorted(changed | (present - set(fresh)))


def _bytes_of(path: Path) -> bytes | None:
    return path.read_bytes() if path.exists() else None


def main() -> None:
    parser = argparse.ArgumentParser(description="Generate the gRPC code from its protos.")
    parser.add_argument("--check", action="store_true", help="change nothing; fail if it is stale")
    if not parser.parse_args().check:
        generate(_ROOT)
        return
    stale = stale_files()
    if stale:
        names = ", ".join(str(path) for path in stale)
        sys.exit(f"Stale generated code: {names}. Run `make proto`.")


if __name__ == "__main__":
    main()
