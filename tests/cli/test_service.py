"""The unit for systemd: systemd's own checker finds nothing, and what it calls is ours."""

import configparser
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.main import _STOP_TIMEOUT_S, app

_ROOT = Path(__file__).resolve().parents[2]
_UNIT = _ROOT / "deploy/systemd/stonepine.service"
_ANALYZE = shutil.which("systemd-analyze")


def _service() -> configparser.SectionProxy:
    parser = configparser.RawConfigParser(strict=False)
    parser.read(_UNIT)
    return parser["Service"]


@pytest.mark.skipif(_ANALYZE is None, reason="systemd-analyze is not installed")
def test_systemd_takes_the_unit(tmp_path: Path) -> None:
    """It wants the program to be there: ours, in the place of the installed one."""
    program = tmp_path / "stonepine"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    unit = tmp_path / _UNIT.name
    unit.write_text(_UNIT.read_text().replace("/opt/stonepine/.venv/bin/stonepine", str(program)))
    assert _ANALYZE is not None
    argv = [_ANALYZE, "verify", "--man=no", "--recursive-errors=no", str(unit)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    told = [line for line in done.stderr.splitlines() if _UNIT.name in line]
    assert (done.returncode, told) == (0, [])


@pytest.mark.parametrize("line", ["ExecStart", "ExecReload"])
def test_its_commands_exist(line: str) -> None:
    program, *command = shlex.split(_service()[line])
    assert program == "/opt/stonepine/.venv/bin/stonepine"
    home = command.index("--home")
    assert command[home + 1] == "/var/lib/stonepine"
    shown = CliRunner().invoke(app, [*command[:home], "--help"])
    assert shown.exit_code == 0, shown.output


def test_it_stops_as_long_as_the_supervisor_may_take() -> None:
    assert float(_service()["TimeoutStopSec"]) > _STOP_TIMEOUT_S
