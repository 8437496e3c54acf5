"""Stored markup in a real browser, where scripts move texts from one place to another."""

import pytest
from playwright.sync_api import expect

from cli.embedded.postgres import EmbeddedPostgres
from tests.console.browser.conftest import OpenTab, Tab, prove
from tests.console.conftest import Site
from tests.console.test_canaries import addresses
from tests.support.canaries import ALARM, CANARY, SILENT, plant
from tests.tour.pages import OWNER, pages

__all__ = ["addresses"]

pytestmark = pytest.mark.browser


@pytest.fixture
def tab(
    open_tab: OpenTab, site: Site, addresses: dict[str, str], postgres_server: EmbeddedPostgres
) -> Tab:
    """The owner's, full of canaries."""
    tab = open_tab(site.alice)
    prove(tab, site)
    tab.page.add_init_script(ALARM)
    plant(postgres_server)
    return tab


def test_no_canary_cries_where_scripts_are_at_work(
    tab: Tab, site: Site, addresses: dict[str, str]
) -> None:
    page = tab.open(f"{site.home}/audit")
    page.get_by_role("link", name="Details").first.click()
    expect(page.get_by_role("dialog")).to_contain_text(CANARY)
    assert page.evaluate(SILENT)
    tab.open(f"{site.place}/members")
    page.keyboard.press("Control+k")
    expect(page.get_by_role("dialog", name="Go to")).to_contain_text(CANARY)
    page.keyboard.press("Escape")
    page.get_by_role("link", name="Remove").first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Remove member").click()
    expect(page.get_by_role("status")).to_contain_text(CANARY)
    assert page.evaluate(SILENT)


@pytest.mark.nightly
def test_no_canary_cries_on_any_page(tab: Tab, addresses: dict[str, str]) -> None:
    for one in pages(addresses, {}):
        if one.who == OWNER:
            tab.open(one.path)
            assert tab.page.evaluate(SILENT), one
            tab.expect_complaints("404")
