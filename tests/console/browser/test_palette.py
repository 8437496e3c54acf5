"""The command palette and the shortcuts, by keyboard alone."""

import pytest
from playwright.sync_api import expect

from tests.console.browser.conftest import OpenTab
from tests.console.conftest import Site

pytestmark = pytest.mark.browser


def test_the_keyboard_leads_everywhere(open_tab: OpenTab, site: Site) -> None:
    site.world.index("support-articles")
    tab = open_tab(site.alice, theme="dark")
    page = tab.open(site.home)
    page.keyboard.press("Control+k")
    palette = page.get_by_role("dialog", name="Go to")
    box = palette.get_by_role("combobox")
    expect(box).to_be_focused()
    first = palette.get_by_role("option").first
    expect(first).to_have_attribute("aria-selected", "true")
    page.keyboard.press("ArrowDown")
    expect(first).to_have_attribute("aria-selected", "false")
    assert not tab.violations()
    page.keyboard.type("nowhere")
    expect(palette.get_by_role("option", name="Nothing here is called that.")).to_be_visible()
    assert not tab.violations()
    page.keyboard.press("Escape")
    expect(palette).to_be_hidden()
    page.keyboard.press("Control+k")
    expect(box).to_have_value("")
    page.keyboard.type("support")
    expect(palette.get_by_role("option", name="support-articles")).to_be_visible()
    expect(palette.get_by_role("option")).to_have_count(1)
    expect(box).to_have_attribute("aria-activedescendant", "hit-0")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="support-articles")).to_be_visible()
    tab.open(site.home)
    page.keyboard.press("Control+k")
    # Faster than the list: Enter goes to what was typed all the same.
    page.keyboard.type("support")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="support-articles")).to_be_visible()

    page.wait_for_load_state()  # keys are listened to once the page's scripts have run
    page.keyboard.press("g")
    page.keyboard.press("k")
    expect(page.get_by_role("heading", name="API keys", level=1)).to_be_visible()
    tab.open(f"{site.home}/members")
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox", name="Search members")).to_be_focused()
    page.keyboard.type("?gk")
    expect(page.get_by_role("searchbox", name="Search members")).to_have_value("?gk")
    page.keyboard.press("Tab")
    page.keyboard.press("?")
    shortcuts = page.get_by_role("dialog", name="Keyboard shortcuts")
    expect(shortcuts).to_be_visible()
    assert not tab.violations()
    shortcuts.get_by_label("Shortcuts of single keys").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(shortcuts).to_be_hidden()
