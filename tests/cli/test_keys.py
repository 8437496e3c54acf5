"""`stonepine keys check`: offline, by form and checksum."""

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from access.keys import SecretKind, mint
from cli.main import app
from kit.ids import random_base62

_DOCUMENT = Path(__file__).parents[2] / "docs" / "api-keys.md"


@pytest.mark.parametrize("kind", SecretKind)
def test_a_genuine_secret_is_told_by_its_kind(kind: SecretKind) -> None:
    plain = mint(kind)
    result = CliRunner().invoke(app, ["keys", "check", plain.value])
    assert (result.exit_code, plain.public_id in result.output) == (0, True)
    result = CliRunner().invoke(app, ["keys", "check", "-"], input=plain.value + "\n")
    assert result.exit_code == 0


def test_a_string_with_another_checksum_is_none() -> None:
    value = mint(SecretKind.API_KEY).value
    wrong = value[:-1] + ("0" if value[-1] != "0" else "1")
    result = CliRunner().invoke(app, ["keys", "check", wrong])
    assert (result.exit_code, "Not a secret" in result.output) == (1, True)
    assert value not in result.output


def test_the_documented_expression_finds_every_secret_and_the_checksum_drops_the_rest() -> None:
    found = re.search(r"^    (\\b.*)$", _DOCUMENT.read_text(), re.MULTILINE)
    assert found is not None
    expression = re.compile(found[1])
    for kind in SecretKind:
        for _ in range(200):
            value = mint(kind).value
            assert expression.findall(f'key = "{value}";') == [value]
    lookalikes = [f"pcsk_{random_base62(8)}_{random_base62(46)}" for _ in range(200)]
    assert all(expression.fullmatch(text) for text in lookalikes)
    for text in lookalikes:
        assert CliRunner().invoke(app, ["keys", "check", text]).exit_code == 1
