"""What crosses tenants says so, and has a test that names it: without one it may find nothing."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
_PACKAGES = ("accounts", "orgs", "projects", "indexes", "billing", "audit", "sso", "api", "console")
_SAYS_SO = "Crosses tenants"
_DOES_SO = re.compile(
    r"""using\(\s*["']system["']|using=["']system["']|connections\[["']system["']"""
)


def functions() -> Iterator[tuple[str, str, str]]:
    """`package/module.py`, the function's name and its source; methods by their own name."""
    for package in _PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            text = path.read_text()
            for node in ast.walk(ast.parse(text)):
                if isinstance(node, ast.FunctionDef) and "migrations" not in path.parts:
                    source = ast.get_source_segment(text, node) or ""
                    yield str(path.relative_to(ROOT)), node.name, source


@cache
def words_of_tests() -> frozenset[str]:
    paths = (path for path in (ROOT / "tests").rglob("*.py") if path != Path(__file__))
    return frozenset(word for path in paths for word in re.findall(r"\w+", path.read_text()))


FUNCTIONS = list(functions())
CROSSING = [(path, name) for path, name, source in FUNCTIONS if _SAYS_SO in source]


def reached_by(path: str, name: str) -> set[str]:
    """The public functions of the module that lead to it: itself, or those that call it."""
    found, wanted = set[str](), [name]
    while wanted:
        one = wanted.pop()
        if not one.startswith("_"):
            found.add(one)
            continue
        wanted += [
            caller for where, caller, source in FUNCTIONS
            if where == path and caller != one and f"{one}(" in source
        ]  # fmt: skip
    return found


@pytest.mark.parametrize(("path", "name"), CROSSING, ids=[f"{p}:{n}" for p, n in CROSSING])
def test_an_act_that_crosses_tenants_is_named_by_a_test(path: str, name: str) -> None:
    assert reached_by(path, name) & words_of_tests(), (
        f"No test names {name} of {path}: plant a row in each of two tenants and show that it finds"
    )
