"""No page and no act of the console without a test in a real browser, by everybody who may."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.console.browser.acts import ACTS, load_acts
from tests.matrix.console_rows import ROWS
from tests.matrix.reference import ANYONE, OPERATE, SIGNED_IN, may
from tests.tour.pages import BROWSED, NO_PAGES, OWNER, ROLES, page_routes

# Rights that no role gives: one person who does it in a browser is enough.
_NO_ROLES = {ANYONE, SIGNED_IN, OPERATE}
_HOW = (
    "do it in a test of tests/console/browser, as that person, and have the table written: "
    "STONEPINE_WRITE_ACTS=1 .venv/bin/python -m pytest <the test>"
)
# A page alone, of which the matrix says that nothing else is there.
_NO_ACTS = {"POST trust"}


def test_every_act_is_done_in_a_browser_by_everybody_who_may() -> None:
    acts = load_acts()
    undone = [
        f"{who}: {act}"
        for act, who in _wanted()
        if who not in acts.get(act, {}) and not (who == "anybody" and acts.get(act))
    ]
    assert not undone, f"{undone}: {_HOW}"


def test_every_page_is_looked_at_in_a_browser() -> None:
    """By the tour, which walks by the matrix, or in a journey of its own."""
    pages = {key.removeprefix("GET ") for key in ROWS if key.startswith("GET ")}
    assert set(page_routes()) == pages - set(NO_PAGES)
    unseen = [route for route in sorted(BROWSED) if f"GET {route}" not in load_acts()]
    assert not unseen, f"{unseen}: {_HOW}"
    reasons = {NO_PAGES[route] for route in set(NO_PAGES) - BROWSED}
    assert all(why.startswith(("leads to", "a document")) for why in reasons)


def test_the_table_names_routes_and_tests_that_there_are() -> None:
    acts = load_acts()
    gone = [act for act in acts if act not in ROWS]
    assert not gone, "no such routes any more"
    named = {test.partition("[")[0] for doers in acts.values() for test in doers.values()}
    assert named <= set(_tests(ACTS.parent))


def _wanted() -> Iterator[tuple[str, str]]:
    for act, row in ROWS.items():
        if not act.startswith("POST "):
            continue
        if act in _NO_ACTS:
            continue
        if row.right in _NO_ROLES:
            yield act, "anybody"
            continue
        assert may(ROLES[OWNER], row.right), act
        yield from ((act, who) for who, roles in ROLES.items() if may(roles, row.right))


def _tests(folder: Path) -> Iterator[str]:
    for path in folder.glob("test_*.py"):
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.FunctionDef):
                yield f"{path.name}::{node.name}"
