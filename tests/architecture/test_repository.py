"""What the repository itself promises: locks without hosts, documented settings, no half merges."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from kit.environment import Environment

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    "lock", sorted((ROOT / "requirements").glob("*.txt")), ids=lambda p: p.name
)
def test_locks_pin_every_package_with_hashes_and_name_no_index(lock: Path) -> None:
    text = lock.read_text()
    pins = re.findall(r"^[a-z0-9][a-z0-9._-]*(?:\[[a-z0-9,-]+\])?==", text, re.MULTILINE)
    assert pins
    assert text.count("==") >= len(pins)
    for block in re.split(r"\n(?=[a-z0-9])", text):
        if "==" in block:
            assert "--hash=sha256:" in block, block.splitlines()[0]
    assert "://" not in text
    assert "index-url" not in text


def test_every_setting_of_the_environment_is_documented() -> None:
    text = (ROOT / "docs" / "configuration.md").read_text()
    for name, field in Environment.model_fields.items():
        variable = str(field.validation_alias or f"STONEPINE_{name.upper()}")
        assert f"`{variable}`" in text, f"docs/configuration.md says nothing of {variable}"


@pytest.mark.skipif(
    not (ROOT / ".git").exists() or shutil.which("git") is None, reason="not a clone"
)
def test_no_file_holds_a_conflict_of_a_merge() -> None:
    found = subprocess.run(
        ["git", "grep", "-lE", "^(<{7}|>{7}) "],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (found.returncode, found.stdout) == (1, "")
