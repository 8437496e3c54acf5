"""What the repository itself promises: locks without hosts, documented settings."""

import re
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
