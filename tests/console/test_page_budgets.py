"""How many statements each page sends: a table that a change of the page must change too."""

import json
import os
from collections.abc import Callable
from pathlib import Path

from tests.console.conftest import Site
from tests.console.furnished import furnish
from tests.matrix.cast import Person
from tests.tour.pages import OWNER, pages

BUDGETS = Path(__file__).parent / "page_budgets.json"
REGENERATE = "STONEPINE_WRITE_BUDGETS=1 make test T=tests/console/test_page_budgets.py"


def test_no_page_sends_more_statements_than_its_budget(
    site: Site, queries_of: Callable[[Callable[[], object]], int]
) -> None:
    addresses = furnish(site.world)
    browser = Person("owner", site.world.people["mara"]).browser()
    counts = {}
    for page in pages(addresses, {}):
        if page.who == OWNER:
            browser.get(page.path)  # what is kept in memory is there
            # The least of two: what is noted once a minute is not the page's own.
            counts[page.name] = min(
                queries_of(lambda path=page.path: browser.get(path)) for _ in range(2)
            )
    if os.environ.get("STONEPINE_WRITE_BUDGETS") == "1":
        BUDGETS.write_text(json.dumps(counts, indent=1, sort_keys=True) + "\n")
    budgets: dict[str, int] = json.loads(BUDGETS.read_text())
    unknown = counts.keys() - budgets.keys()
    assert not unknown, f"{unknown}: pages without a budget. {REGENERATE}"
    over = {
        name: f"{count} statements, budget {budgets[name]}"
        for name, count in counts.items()
        if count > budgets[name]
    }
    assert not over, f"{over}\nIs each of them worth it? Then: {REGENERATE}"
