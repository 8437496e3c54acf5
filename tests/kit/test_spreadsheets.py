"""Which texts a spreadsheet would calculate."""

import pytest

from kit.spreadsheets import inert


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@x", "\t=1", " =1", "\r\n=1", "＝1"])
def test_formulas_are_neutralized(text: str) -> None:
    assert inert(text) == "'" + text


@pytest.mark.parametrize("text", ["", "Search", "a=1", "50 % - half", "'=1"])
def test_other_texts_stay(text: str) -> None:
    assert inert(text) == text
