"""The pages that people come to first, by keyboard alone; all others in the tour's long walk."""

import pytest
from playwright.sync_api import expect

from tests.console.browser.conftest import OpenTab, prove
from tests.console.conftest import Site
from tests.support.keyboard import loose_dialog, openers, unreachable
from tests.support.world import PASSWORD

pytestmark = pytest.mark.browser


def test_every_control_is_reached_and_seen(open_tab: OpenTab, site: Site) -> None:
    site.world.index("articles")
    site.world.key()
    tab = open_tab(site.alice)
    prove(tab, site)
    found = []
    for path in (
        site.home, f"{site.home}/members", f"{site.place}/keys", f"{site.place}/keys/new",
        f"{site.place}/new-index", f"{site.place}/indexes/articles/config",
    ):  # fmt: skip
        tab.open(path)
        found += [f"{path}: {one}" for one in unreachable(tab)]
        found += [
            f"{path}: {one}" for address in openers(tab) for one in loose_dialog(tab, address)
        ]
    assert not found, "\n".join(found)


def test_somebody_signs_in_and_makes_a_key_without_a_mouse(open_tab: OpenTab, site: Site) -> None:
    page = open_tab().open(f"/signin?next={site.place}/keys")
    page.keyboard.type(site.alice.email)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="API keys", level=1)).to_be_visible()
    page.get_by_role("link", name="Create API key").press("Enter")
    expect(page.get_by_role("dialog").get_by_label("Name", exact=True)).to_be_focused()
    page.keyboard.type("by keyboard")
    page.keyboard.press("Enter")
    sheet = page.get_by_role("dialog", name="Save your new API key")
    expect(sheet.get_by_role("button", name="Copy key")).to_be_focused()
    page.keyboard.press("Enter")
    expect(sheet.get_by_text("The key will not be shown again.")).to_be_visible()
    sheet.get_by_role("link", name="Done").press("Enter")
    expect(page.get_by_role("row", name="by keyboard")).to_be_visible()
