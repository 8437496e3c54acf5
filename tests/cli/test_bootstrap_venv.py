"""Set-up says what is missing before it starts, and gives uv what pip is configured with."""

import importlib.util
import os
import stat
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture
def bootstrap_venv() -> ModuleType:
    path = REPOSITORY / "deploy" / "bootstrap_venv.py"
    spec = importlib.util.spec_from_file_location("bootstrap_venv", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_old_python_is_named_with_the_way_out(bootstrap_venv: ModuleType) -> None:
    with pytest.raises(bootstrap_venv.SetupFailed) as failure:
        bootstrap_venv.check_python((3, 9, 2), has_module=lambda _name: True)
    assert "this is 3.9.2" in str(failure.value)
    assert "make up PYTHON=" in str(failure.value)


@pytest.mark.parametrize("missing", ["venv", "ensurepip"])
def test_missing_venv_module_names_debians_package(
    bootstrap_venv: ModuleType, missing: str
) -> None:
    with pytest.raises(bootstrap_venv.SetupFailed) as failure:
        bootstrap_venv.check_python((3, 12, 3), has_module=lambda name: name != missing)
    assert "apt install python3-venv" in str(failure.value)
    assert "python3.12-venv" in str(failure.value)


def test_good_python_is_accepted(bootstrap_venv: ModuleType) -> None:
    bootstrap_venv.check_python((3, 11, 0), has_module=bootstrap_venv.has_module)


def test_broken_environment_is_not_taken_for_a_usable_one(
    bootstrap_venv: ModuleType, tmp_path: Path
) -> None:
    assert not bootstrap_venv.is_usable(tmp_path)
    python = tmp_path / "bin" / "python"
    python.parent.mkdir()
    python.write_text("#!/bin/sh\necho 3.0\n")
    python.chmod(stat.S_IRWXU)
    assert not bootstrap_venv.is_usable(tmp_path)
    assert bootstrap_venv.is_usable(Path(sys.prefix))


def test_uv_gets_the_index_that_pip_is_configured_for(
    bootstrap_venv: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    configuration = tmp_path / "pip.conf"
    configuration.write_text(
        "[global]\nindex-url = https://from.file/simple\nfind-links =\n  /one\n  /two\n"
    )
    monkeypatch.setenv("PIP_CONFIG_FILE", str(configuration))
    for name in ("PIP_INDEX_URL", "PIP_FIND_LINKS", "UV_DEFAULT_INDEX", "UV_FIND_LINKS"):
        monkeypatch.delenv(name, raising=False)
    assert bootstrap_venv.uv_environment(Path(sys.prefix))["UV_FIND_LINKS"] == "/one,/two"
    monkeypatch.setenv("PIP_INDEX_URL", "https://from.variable/simple")
    found = bootstrap_venv.uv_environment(Path(sys.prefix))
    assert found["UV_DEFAULT_INDEX"] == "https://from.variable/simple"
    monkeypatch.setenv("UV_DEFAULT_INDEX", "https://chosen/simple")
    found = bootstrap_venv.uv_environment(Path(sys.prefix))
    assert found["UV_DEFAULT_INDEX"] == "https://chosen/simple"


@pytest.mark.nightly
@pytest.mark.timeout(600)
def test_pip_installs_everything_where_uv_cannot(tmp_path: Path) -> None:
    venv = tmp_path / "venv"
    done = subprocess.run(
        [sys.executable, "deploy/bootstrap_venv.py", str(venv), "requirements/base.txt"],
        env=os.environ | {"UV_OFFLINE": "1", "UV_CACHE_DIR": str(tmp_path / "uv")},
        cwd=REPOSITORY, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "so pip does" in done.stderr
    for given in (["-m", "pip", "check"], ["-m", "cli.main", "--help"]):
        ran = subprocess.run([venv / "bin" / "python", *given], check=False, capture_output=True)
        assert ran.returncode == 0, ran.stdout


def test_failed_step_shows_the_end_of_its_output(
    bootstrap_venv: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    program = "import sys; print('all is well'); sys.exit('no route to the index')"
    with pytest.raises(bootstrap_venv.SetupFailed, match="no route to the index"):
        bootstrap_venv.run("Fetching", [sys.executable, "-c", program], dict(os.environ))
    assert "Fetching" not in capsys.readouterr().err


def test_installer_lock_pins_hashes_and_names_no_host() -> None:
    text = (REPOSITORY / "requirements" / "installer.txt").read_text()
    assert "--hash=sha256:" in text
    assert "://" not in text
