"""Visits pages in both themes and at three widths, keeps pictures and says what is wrong."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Browser

from tests.support.browser import Tab, new_context
from tests.support.keyboard import loose_dialog, openers, unreachable
from tests.tour.pages import MISSING, STRANGER, Page

THEMES = ("light", "dark")
WIDTHS = (1440, 768, 390)
_PHONE = WIDTHS[-1]
# A window of 1280 × 900 at 200 %, in the pixels of style sheets.
_ZOOMED = (640, 450)
_OK, _NOT_FOUND = 200, 404
_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}")
# Nothing of htmx is under way, and the faces are there.
_SETTLED = "() => !document.querySelector('.htmx-request') && document.fonts.status === 'loaded'"


@dataclass(frozen=True)
class Walker:
    """Walks for one visitor in one theme. Pictures go to `folder`, where there is one; without,
    there is time to go through each page by keyboard, once, in the light."""

    tab: Tab
    theme: str
    folder: Path | None = None
    dialogs: set[str] = field(default_factory=set)

    def visit(self, page: Page) -> list[str]:
        """What is wrong with it, each with where."""
        found = self._opened(page)
        for width in WIDTHS:
            found += self._measured(page, width)
        found += self._zoomed()
        self.tab.resize(WIDTHS[0])
        found += self.tab.violations()
        if self.folder is None and self.theme == THEMES[0]:
            found += self._by_keyboard()
        found += [f"the browser complains: {one}" for one in self.tab.complaints]
        self.tab.complaints.clear()
        return [f"{page.name} for the {page.who} in the {self.theme}: {one}" for one in found]

    def _opened(self, page: Page) -> list[str]:
        self.tab.resize(WIDTHS[0])
        answer = self.tab.page.goto(self.tab.server + page.path)
        self.tab.page.wait_for_function(_SETTLED)
        expected = _NOT_FOUND if page.name == MISSING else _OK
        if expected != _OK:
            self.tab.expect_complaints(str(expected))
        status = answer.status if answer else None
        # A link of a mail may lead on to the form that it opens.
        is_there = page.who == STRANGER or self.tab.page.url == self.tab.server + page.path
        if status == expected and is_there:
            return []
        return [f"{page.path} led to {self.tab.page.url} with {status}"]

    def _measured(self, page: Page, width: int) -> list[str]:
        self.tab.resize(width)
        if self.folder is not None:
            name = f"{page.who}-{page.name}-{self.theme}-{width}.png"
            self.tab.page.screenshot(path=self.folder / name, full_page=True)
        found = []
        if self.tab.overflow() > 0:
            found.append(f"sticks out by {self.tab.overflow()} pixels at {width}")
        if width == _PHONE and self.theme == THEMES[0]:  # colours differ by theme, layout does not
            found += [f"on a phone: {one}" for one in self.tab.violations()]
        return found

    def _zoomed(self) -> list[str]:
        self.tab.resize(*_ZOOMED)
        if self.tab.overflow() > 0:
            return [f"sticks out by {self.tab.overflow()} pixels at 200 %"]
        return [f"at 200 %: {one}" for one in self.tab.pinned()]

    def _by_keyboard(self) -> list[str]:
        found = unreachable(self.tab)
        for address in openers(self.tab):
            # Dialogs of one kind are one, whichever row opens it.
            kind = _ID.sub("…", urlsplit(address).path)
            if kind not in self.dialogs:
                self.dialogs.add(kind)
                found += loose_dialog(self.tab, address)
        return found


def walk(
    browser: Browser,
    server: str,
    pages: Iterable[Page],
    *,
    cookies: dict[str, str],
    theme: str,
    folder: Path | None = None,
) -> list[str]:
    """All faults of those pages for one visitor."""
    context = new_context(browser, server, {**cookies, "stonepine_theme": theme})
    try:
        walker = Walker(Tab(context.new_page(), server), theme, folder)
        return [fault for page in pages for fault in walker.visit(page)]
    finally:
        context.close()
