"""A person's account in a real browser: from sign-up to a second factor, and by passkey."""

import pytest
from playwright.sync_api import Page, expect

from accounts.links import email_change_token, reset_token, sign_up_token
from tests.console.browser.conftest import OpenTab, Tab
from tests.console.browser.test_look import faults
from tests.console.conftest import Letters, Site
from tests.console.test_invitations import invite
from tests.support.codes import codes_now, with_app
from tests.support.sessions import a_session_of
from tests.support.world import PASSWORD

pytestmark = pytest.mark.browser

EMAIL = "nora@example.com"


def by_name(tab: Tab, theme: str = "light") -> None:
    """Passkeys are for hosts with a name."""
    tab.server = tab.server.replace("127.0.0.1", "localhost")
    cookie = {"name": "stonepine_theme", "value": theme, "url": tab.server}
    tab.page.context.add_cookies([cookie])


def sign_in(page: Page, email: str) -> None:
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    # On to wherever it leads: what comes next must not meet a page that is about to go.
    page.wait_for_url(lambda url: not url.partition("?")[0].endswith("/signin"))


def sign_out(page: Page) -> None:
    page.get_by_role("button", name="Account", exact=False).click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_from_sign_up_to_a_second_factor(
    open_tab: OpenTab, site: Site, letters: Letters, is_open: None
) -> None:
    tab = open_tab()
    page = tab.open("/signin")
    page.get_by_role("link", name="Create an account").click()
    page.get_by_label("E-mail address").fill(EMAIL)
    page.get_by_role("button", name="Send the link").click()
    expect(page.get_by_role("heading", name="Check your mail")).to_be_visible()

    tab.open(letters.link(EMAIL))
    page.get_by_label("Your name").fill("Nora Lind")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Create account").click()
    expect(page.get_by_role("heading", name="You belong to no organization yet")).to_be_visible()

    page.get_by_role("link", name="Your account").click()
    page.get_by_role("link", name="Second factors").click()
    page.get_by_role("link", name="Add an app").click()
    secret = page.locator("[data-secret-text]").inner_text().replace(" ", "")
    page.get_by_role("textbox", name="Code").fill(codes_now(secret)[0])
    page.get_by_role("button", name="Add the app").click()
    expect(page.get_by_role("heading", name="Save your recovery codes")).to_be_visible()
    tab.keep("journey-recovery-codes")
    assert not tab.violations()
    done = page.get_by_role("link", name="Done")
    expect(done).to_have_attribute("aria-disabled", "true")
    page.get_by_label("I have stored the codes").check()
    done.click()
    expect(page.get_by_text("Authenticator app")).to_be_visible()
    sign_out(page)

    sign_in(page, EMAIL)
    expect(page.get_by_role("heading", name="One more step")).to_be_visible()
    page.get_by_role("textbox", name="Code").fill(codes_now(secret)[1])
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", name="You belong to no organization yet")).to_be_visible()


def with_authenticator(tab: Tab) -> None:
    """A device of the browser's own that keeps passkeys and recognizes its owner."""
    debugger = tab.page.context.new_cdp_session(tab.page)
    debugger.send("WebAuthn.enable")
    debugger.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }
        },
    )


def test_a_passkey_is_a_second_factor_and_a_way_in(open_tab: OpenTab, site: Site) -> None:
    tab = open_tab()
    by_name(tab)
    with_authenticator(tab)
    page = tab.open("/signin?next=/account/mfa")
    sign_in(page, site.alice.email)
    page.get_by_role("link", name="Add a passkey").click()
    page.get_by_label("Name").fill("work laptop")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", name="Save your recovery codes")).to_be_visible()
    page.get_by_label("I have stored the codes").check()
    page.get_by_role("link", name="Done").click()
    expect(page.get_by_text("work laptop")).to_be_visible()
    sign_out(page)

    sign_in(page, site.alice.email)
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("heading", name=site.organization.name)).to_be_visible()
    sign_out(page)

    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_role("heading", name=site.organization.name)).to_be_visible()

    tab.open("/confirm?next=/account/email")
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("heading", name="Change your e-mail address")).to_be_visible()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_account_pages_fit_and_are_accessible(
    open_tab: OpenTab, site: Site, theme: str, is_open: None
) -> None:
    with_app(site.alice)
    a_session_of(site.alice)
    tab = open_tab(theme=theme)
    found = []

    def look(name: str, path: str) -> None:
        tab.open(path)
        found.extend(faults(tab, f"account-{name}-{theme}"))

    by_name(tab, theme)
    look("signin", "/signin")
    look("signup", "/signup")
    look("invite", invite(site, EMAIL))
    look("new-password", f"/reset/{reset_token(site.bob)}")
    look("verify-address", f"/verify/address/{email_change_token(site.bob, 'bob@new.example')}")
    look("new-account", f"/verify/account/{sign_up_token(EMAIL)}")
    sign_in(tab.open("/signin"), site.bob.email)
    for name, path in {
        "profile": "/account",
        "email": "/account/email",
        "password": "/account/password",
        "factors-none": "/account/mfa",
        "app": "/account/mfa/app",
        "passkey": "/account/mfa/passkey",
        "sessions": "/account/sessions",
        "activity": "/account/activity",
        "confirm": "/confirm?next=/account/email",
    }.items():
        look(name, path)
    sign_out(tab.open("/account"))
    sign_in(tab.page, site.alice.email)
    found.extend(faults(tab, f"account-second-factor-{theme}"))
    assert not found
