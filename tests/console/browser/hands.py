"""What hands do at a page: open a dialog and send it, and read what the page says then."""

import re
from collections.abc import Mapping

from playwright.sync_api import Locator, Page, expect


def told(page: Page, words: str) -> None:
    """The page says so, and the toast is put away, so that the next one is another."""
    toast = page.get_by_role("status").filter(has_text=words)
    expect(toast).to_be_visible()
    toast.get_by_role("button", name="Dismiss").first.click()


def send(page: Page, opens: str, sends: str, fields: Mapping[str, str] | None = None) -> None:
    """Open the dialog of that link, fill it in, and send it by that button."""
    dialog = opened(page, opens)
    for label, value in (fields or {}).items():
        dialog.get_by_label(re.compile(rf"^{re.escape(label)}( optional)?$")).fill(value)
    dialog.get_by_role("button", name=sends).click()


def opened(page: Page, link: str) -> Locator:
    page.get_by_role("main").get_by_role("link", name=link, exact=True).click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    return dialog


def keep_secret(page: Page) -> str:
    """The secret that the dialog shows once; it is said to be stored, and the dialog left."""
    dialog = page.get_by_role("dialog")
    secret = dialog.locator("[data-value]").inner_text()
    dialog.get_by_label("I have stored the").check()
    dialog.get_by_role("link", name="Done").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    return secret
