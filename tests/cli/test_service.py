"""The units for systemd: systemd's own checker finds nothing, and what they call is ours."""

import configparser
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.main import _STOP_TIMEOUT_S, app
from kit.parts import PartKind

_ROOT = Path(__file__).resolve().parents[2]
_UNITS = sorted((_ROOT / "deploy/systemd").glob("*.service"))
_ANALYZE = shutil.which("systemd-analyze")


@pytest.fixture(params=_UNITS, ids=lambda path: path.stem)
def unit(request: pytest.FixtureRequest) -> Path:
    return Path(request.param)


def _service(unit: Path) -> configparser.SectionProxy:
    parser = configparser.RawConfigParser(strict=False)
    parser.read(unit)
    return parser["Service"]


def test_there_is_one_for_everything_and_one_for_each_part() -> None:
    assert {path.stem for path in _UNITS} == {
        "stonepine", *(f"stonepine-{kind}" for kind in PartKind),
    }  # fmt: skip


@pytest.mark.skipif(_ANALYZE is None, reason="systemd-analyze is not installed")
def test_systemd_takes_the_unit(unit: Path, tmp_path: Path) -> None:
    """It wants the program to be there: ours, in the place of the installed one."""
    program = tmp_path / "stonepine"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    ours = tmp_path / unit.name
    ours.write_text(unit.read_text().replace("/opt/stonepine/.venv/bin/stonepine", str(program)))
    assert _ANALYZE is not None
    argv = [_ANALYZE, "verify", "--man=no", "--recursive-errors=no", str(ours)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    told = [line for line in done.stderr.splitlines() if unit.name in line]
    assert (done.returncode, told) == (0, [])


def test_its_commands_exist(unit: Path) -> None:
    service = _service(unit)
    for line in [service[name] for name in ("ExecStart", "ExecReload") if name in service]:
        program, *command = shlex.split(line)
        assert program == "/opt/stonepine/.venv/bin/stonepine"
        home = command.index("--home")
        assert command[home + 1] == f"/var/lib/{service['StateDirectory']}"
        shown = CliRunner().invoke(app, [*command[:home], "--help"])
        assert shown.exit_code == 0, shown.output


def test_parts_of_one_machine_share_no_folder() -> None:
    for name in ("StateDirectory", "RuntimeDirectory", "WorkingDirectory", "Environment"):
        assert len({_service(unit)[name] for unit in _UNITS}) == len(_UNITS), name


def test_it_stops_as_long_as_the_supervisor_may_take(unit: Path) -> None:
    assert float(_service(unit)["TimeoutStopSec"]) > _STOP_TIMEOUT_S
