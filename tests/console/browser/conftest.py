"""A real server and a real browser; whatever the browser complains about fails the test."""

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from tests.console.conftest import Site
from tests.matrix.cast import Person

ARTIFACTS = Path(__file__).resolve().parents[3] / "artifacts" / "console"
AXE = Path(__file__).resolve().parents[1] / "vendor" / "axe-core-4.14.1" / "axe.min.js"
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    executable = os.environ.get("CHROMIUM") or shutil.which("chromium")
    assert executable, "no Chromium: apt-get install chromium, or name one in CHROMIUM"
    # Playwright's loop runs in this thread; Django's queries here are the tests' own.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=executable, args=ARGUMENTS)
        yield chromium
        chromium.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def server(database: None) -> Iterator[str]:
    """The address of the control plane, served by a thread of this process."""
    running = LiveServer("127.0.0.1")
    yield running.url
    running.stop()


@dataclass
class Tab:
    """One page of a browser, with everything it complained about."""

    page: Page
    server: str
    complaints: list[str] = field(default_factory=list)

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

    def expect_complaints(self, part: str) -> None:
        """Those the test provoked, such as a missing page."""
        self.complaints[:] = [one for one in self.complaints if part not in one]

    def violations(self) -> list[str]:
        """What axe finds against WCAG 2.2 A and AA, one line a node."""
        # By the debugger's way, because the page's own policy would refuse the script.
        self.page.evaluate(AXE.read_text())
        found = self.page.evaluate(
            "axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']})"
        )
        return [
            f"{violation['id']}: {node['html'][:160]} {node['failureSummary']}"
            for violation in found["violations"]
            for node in violation["nodes"]
        ]

    def keep(self, name: str) -> None:
        """A picture for people to look at."""
        ARTIFACTS.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=ARTIFACTS / f"{name}.png")


OpenTab = Callable[..., Tab]


@pytest.fixture
def open_tab(browser: Browser, server: str) -> Iterator[OpenTab]:
    """`open_tab(user, theme=…, has_scripts=…)`: a fresh profile, signed in as that person."""
    contexts: list[BrowserContext] = []
    tabs: list[Tab] = []

    def opened(user: User | None = None, *, theme: str = "light", has_scripts: bool = True) -> Tab:
        context = browser.new_context(
            java_script_enabled=has_scripts,
            viewport={"width": 1440, "height": 900},
            reduced_motion="reduce",
            permissions=["clipboard-read", "clipboard-write"],
        )
        contexts.append(context)
        cookies = {"stonepine_theme": theme}
        if user is not None:
            client = Client()
            client.force_login(user)
            cookies[settings.SESSION_COOKIE_NAME] = client.cookies[
                settings.SESSION_COOKIE_NAME
            ].value
        context.add_cookies(
            [{"name": name, "value": value, "url": server} for name, value in cookies.items()]
        )
        tab = Tab(context.new_page(), server)
        tabs.append(tab)
        tab.page.on("console", lambda message: _note(tab, message))
        tab.page.on("pageerror", lambda error: tab.complaints.append(str(error)))
        return tab

    yield opened
    complaints = [complaint for tab in tabs for complaint in tab.complaints]
    for context in contexts:
        context.close()
    assert not complaints, complaints


def prove(tab: Tab, site: Site) -> None:
    """Let Alice of that tab have proven herself just now."""
    proven = Person("owner", site.alice).browser().cookies[settings.SESSION_COOKIE_NAME].value
    cookie = {"name": settings.SESSION_COOKIE_NAME, "value": proven, "url": tab.server}
    tab.page.context.add_cookies([cookie])  # type: ignore[list-item]


@pytest.fixture
def owner_tab(open_tab: OpenTab, site: Site) -> Tab:
    return open_tab(site.alice)


def _note(tab: Tab, message: ConsoleMessage) -> None:
    if message.type in {"error", "warning"}:
        tab.complaints.append(message.text)
