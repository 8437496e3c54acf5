"""What crosses tenants has a test that names it, or what leads to it: else it may find nothing."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
_PACKAGES = (
    "accounts",
    "orgs",
    "projects",
    "indexes",
    "billing",
    "audit",
    "sso",
    "webhooks",
    "notices",
    "compliance",
    "api",
    "console",
)
_SAYS_SO = "Crosses tenants"
_DOES_SO = re.compile(
    r"""using\(\s*["']system["']|using=["']system["']|connections\[["']system["']"""
)


def functions() -> Iterator[tuple[str, str, str]]:
    """`package/module.py`, name and source of each function, method and table."""
    for package in _PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            text = path.read_text()
            lines = text.splitlines()
            for node in ast.walk(ast.parse(text)):
                name = _name_of(node)
                if name is not None and "migrations" not in path.parts:
                    source = "\n".join(lines[node.lineno - 1 : node.end_lineno])
                    yield str(path.relative_to(ROOT)), name, source


def _name_of(node: ast.AST) -> str | None:
    if isinstance(node, ast.FunctionDef):
        return node.name
    target = getattr(node, "targets", [getattr(node, "target", None)])[0]
    is_table = isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(target, ast.Name)
    return target.id if is_table and target.id.isupper() else None


@cache
def words_of_tests() -> frozenset[str]:
    paths = (path for path in (ROOT / "tests").rglob("*.py") if path != Path(__file__))
    return frozenset(word for path in paths for word in re.findall(r"\w+", path.read_text()))


FUNCTIONS = list(functions())
SAYING: dict[str, set[tuple[str, str]]] = defaultdict(set)
for _path, _name, _source in FUNCTIONS:
    for _word in set(re.findall(r"\w+", _source)):
        SAYING[_word].add((_path, _name))
CROSSING = [
    (path, name)
    for path, name, source in FUNCTIONS
    if _SAYS_SO in source or _DOES_SO.search(source)
]


def reached_by(path: str, name: str) -> set[str]:
    """Itself and what leads to it: callers of its own module, and of a public one anywhere."""
    found, wanted = {name}, [(path, name)]
    while wanted:
        home, one = wanted.pop()
        for where, caller in SAYING[one]:
            is_near = where == home or not one.startswith("_")
            if is_near and caller not in found:
                found.add(caller)
                wanted.append((where, caller))
    return found


@pytest.mark.parametrize(("path", "name"), CROSSING, ids=[f"{p}:{n}" for p, n in CROSSING])
def test_an_act_that_crosses_tenants_is_named_by_a_test(path: str, name: str) -> None:
    assert reached_by(path, name) & words_of_tests(), (
        f"No test names {name} of {path}: plant a row in each of two tenants and show that it finds"
    )
