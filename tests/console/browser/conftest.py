"""A real server and a real browser; whatever the browser complains about fails the test."""

import os
from collections.abc import Callable, Iterator

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, expect
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from tests.console.browser.witness import Witness
from tests.console.conftest import Site
from tests.matrix.cast import Person
from tests.support.browser import Tab, new_context, running_chromium
from tests.tour.pages import MEMBER, OWNER, STRANGER, VIEWER

__all__ = ["Tab"]

# How long a page may take on a machine that does ten other things.
_PATIENCE_MS = 20_000


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    # Playwright's loop runs in this thread; Django's queries here are the tests' own.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    expect.set_options(timeout=_PATIENCE_MS)
    with running_chromium() as chromium:
        yield chromium
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def server(database: None) -> Iterator[str]:
    """The address of the control plane, served by a thread of this process."""
    running = LiveServer("127.0.0.1")
    yield running.url
    running.stop()


OpenTab = Callable[..., Tab]
# The people of the tests' world.
_WHO = {"alice@example.com": OWNER, "bob@example.com": MEMBER, "vera@example.com": VIEWER}


@pytest.fixture
def open_tab(browser: Browser, server: str, request: pytest.FixtureRequest) -> Iterator[OpenTab]:
    """`open_tab(user, theme=…, has_scripts=…)`: a fresh profile, signed in as that person. `who` is
    for a tab in which somebody is going to sign in."""
    contexts: list[BrowserContext] = []
    tabs: list[Tab] = []
    witness = Witness(f"{request.path.name}::{request.node.name}")

    def opened(
        user: User | None = None,
        *,
        theme: str = "light",
        has_scripts: bool = True,
        who: str = STRANGER,
    ) -> Tab:
        cookies = {"stonepine_theme": theme}
        if user is not None:
            client = Client()
            client.force_login(user)
            cookies[settings.SESSION_COOKIE_NAME] = client.cookies[
                settings.SESSION_COOKIE_NAME
            ].value
        context = new_context(browser, server, cookies, has_scripts=has_scripts)
        witness.watch(context, _WHO.get(user.email, who) if user else who)
        contexts.append(context)
        tab = Tab(context.new_page(), server)
        tabs.append(tab)
        return tab

    yield opened
    complaints = [complaint for tab in tabs for complaint in tab.complaints]
    for context in contexts:
        context.close()
    assert not complaints, complaints
    unkept = witness.unkept()
    assert not unkept, f"tests/console/browser/acts.json says this test does: {unkept}"


def prove(tab: Tab, site: Site, person: User | None = None) -> None:
    """Let Alice, or who is given, have proven herself just now in that tab."""
    proven = (
        Person("owner", person or site.alice).browser().cookies[settings.SESSION_COOKIE_NAME].value
    )
    cookie = {"name": settings.SESSION_COOKIE_NAME, "value": proven, "url": tab.server}
    tab.page.context.add_cookies([cookie])


@pytest.fixture
def owner_tab(open_tab: OpenTab, site: Site) -> Tab:
    return open_tab(site.alice)
