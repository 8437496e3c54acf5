"""Debian's Chromium, and a page of it that notes whatever the browser complains about."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

_TESTS = Path(__file__).resolve().parents[1]
ARTIFACTS = _TESTS.parent / "artifacts" / "console"
_AXE = _TESTS / "console" / "vendor" / "axe-core-4.14.1" / "axe.min.js"
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]  # 2.2, A and AA
COLOURS = ["color-contrast", "link-in-text-block"]
_ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip

# Another program changed the network's interfaces, and Chromium gave up on what was under way.
_OF_THE_MACHINE = "net::ERR_NETWORK_CHANGED"
_PINNED = """() => [...document.querySelectorAll("body *")]
  .filter((one) => ["fixed", "sticky"].includes(getComputedStyle(one).position))
  .filter((one) => one.checkVisibility())
  .filter((one) => one.getBoundingClientRect().height > innerHeight / 3)
  .map((one) => `covers a third of the window: ${one.outerHTML.slice(0, 100)}`)"""


@contextmanager
def running_chromium() -> Iterator[Browser]:
    executable = os.environ.get("CHROMIUM") or shutil.which("chromium")
    assert executable, "no Chromium: apt-get install chromium, or name one in CHROMIUM"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=executable, args=_ARGUMENTS)
        yield chromium
        chromium.close()


def new_context(
    browser: Browser, server: str, cookies: dict[str, str], *, has_scripts: bool = True
) -> BrowserContext:
    """A fresh profile with these cookies."""
    context = browser.new_context(
        java_script_enabled=has_scripts,
        viewport={"width": 1440, "height": 900},
        reduced_motion="reduce",
        permissions=["clipboard-read", "clipboard-write"],
    )
    context.add_cookies(
        [{"name": name, "value": value, "url": server} for name, value in cookies.items()]
    )
    return context


@dataclass
class Tab:
    """One page of a browser, with everything it complained about."""

    page: Page
    server: str
    complaints: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("console", self._note)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def open(self, path: str) -> Page:
        self.page.goto(self.server + path)
        self.page.evaluate("document.fonts.ready")
        return self.page

    def resize(self, width: int, height: int = 900) -> None:
        self.page.set_viewport_size({"width": width, "height": height})

    def overflow(self) -> int:
        """Pixels that the page is wider than its window."""
        width = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        return int(self.page.evaluate(width))

    def pinned(self) -> list[str]:
        """What stays in place while the page scrolls, and takes more than a third of the window."""
        return list(self.page.evaluate(_PINNED))

    def expect_complaints(self, part: str) -> None:
        """Those the test provoked, such as a missing page."""
        self.complaints[:] = [one for one in self.complaints if part not in one]

    def wear(self, theme: str) -> None:
        """What the server's next page would wear, without asking for it."""
        self.page.evaluate("theme => { document.documentElement.dataset.theme = theme }", theme)

    def violations(self, rules: list[str] = WCAG) -> list[str]:
        """What axe finds against these rules (or tags of rules), one line a node."""
        # By the debugger's way, because the page's own policy would refuse the script.
        if not self.page.evaluate("'axe' in window"):
            self.page.evaluate(_AXE.read_text())
        found = self.page.evaluate("rules => axe.run(document, {runOnly: rules})", rules)
        return [
            f"{violation['id']}: {node['html'][:160]} {node['failureSummary']}"
            for violation in found["violations"]
            for node in violation["nodes"]
        ]

    def keep(self, name: str) -> None:
        """A picture for people to look at, where STONEPINE_PICTURES=1 asks for them."""
        if os.environ.get("STONEPINE_PICTURES") == "1":
            ARTIFACTS.mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=ARTIFACTS / f"{name}.png")

    def _note(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and _OF_THE_MACHINE not in message.text:
            self.complaints.append(message.text)
