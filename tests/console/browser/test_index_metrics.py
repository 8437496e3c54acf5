"""An index's charts in a browser: drawn from their tables, cursors together, in both themes."""

import pytest
from playwright.sync_api import expect

from storage.database import Connection
from tests.console.browser.conftest import OpenTab
from tests.console.conftest import Site
from tests.support.past_activity import PastActivity

pytestmark = pytest.mark.browser


@pytest.fixture
def page_address(site: Site, control: Connection) -> str:
    index = site.world.index("articles")
    PastActivity(control).day(index)
    return f"{site.place}/indexes/articles/metrics"


def test_charts_are_drawn_from_their_tables(
    open_tab: OpenTab, site: Site, page_address: str
) -> None:
    tab = open_tab(site.vera)
    page = tab.open(page_address)
    expect(page.locator(".plot canvas")).to_have_count(6)
    found = []
    for theme in ("light", "dark"):
        page.evaluate(f"document.documentElement.dataset.theme = '{theme}'")
        for width in (1440, 390):
            tab.resize(width)
            page.evaluate("new Promise(requestAnimationFrame)")
            tab.keep(f"index-metrics-{theme}-{width}")
            if tab.overflow() > 0:
                found.append(f"sticks out by {tab.overflow()} at {width}")
            found += [f"{theme} at {width}: {one}" for one in tab.violations()]
    assert not found
    tab.resize(1440)
    plots = page.locator(".plot .u-over")
    plots.first.hover()
    expect(page.locator(".u-legend .u-series:first-child .u-value").nth(5)).not_to_have_text("–")
    page.get_by_text("Requests as a table").click()
    table = page.get_by_role("region", name="Requests as a table")
    expect(table.get_by_role("row")).to_have_count(97)
    page.get_by_role("link", name="7 days").click()
    expect(page.get_by_role("link", name="7 days")).to_have_attribute("aria-current", "page")
    expect(page.locator(".plot canvas")).to_have_count(6)
