"""What people do to their own account, and how they come to one, in a real browser."""

import pytest
from playwright.sync_api import Page, expect

from tests.console.browser.conftest import OpenTab, prove
from tests.console.browser.hands import told
from tests.console.browser.test_look import faults
from tests.console.conftest import Letters, Site
from tests.console.test_invitations import NEW, invite
from tests.support.codes import with_app
from tests.support.sessions import a_session_of
from tests.support.world import PASSWORD

pytestmark = pytest.mark.browser

_MOVED = "robert@new.example.com"
_OTHER_PASSWORD = "a staple that no battery knows"


def test_a_person_changes_name_address_and_password_and_ends_sessions(
    open_tab: OpenTab, site: Site, letters: Letters
) -> None:
    page = open_tab(site.bob).open("/account")
    page.get_by_label("Name", exact=True).fill("Robert Hale")
    page.get_by_label("Theme", exact=True).select_option("Dark")
    page.get_by_role("button", name="Save").click()
    told(page, "Profile saved")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")

    page.get_by_role("link", name="Change", exact=True).click()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Confirm", exact=True).click()
    page.get_by_label("New e-mail address").fill(_MOVED)
    page.get_by_role("button", name="Send the link").click()
    told(page, "A link is on its way")
    page.goto(f"{page.url.partition('/account')[0]}{letters.link(_MOVED)}")
    page.get_by_role("button", name="Confirm").click()
    told(page, "Your e-mail address was changed")

    page.get_by_role("link", name="Password").click()
    page.get_by_label("Current password").fill(PASSWORD)
    page.get_by_label("New password").fill(_OTHER_PASSWORD)
    page.get_by_role("button", name="Change password").click()
    told(page, "Password changed")

    for _ in range(3):
        a_session_of(site.bob)
    page.get_by_role("link", name="Sessions").click()
    page.get_by_role("button", name="End the session of").first.click()
    told(page, "Session ended")
    page.get_by_role("button", name="End all others").click()
    told(page, "All other sessions ended")
    expect(page.get_by_role("button", name="End the session of")).to_have_count(0)


def test_recovery_codes_are_renewed_and_a_factor_is_removed(open_tab: OpenTab, site: Site) -> None:
    with_app(site.alice)
    tab = open_tab(site.alice)
    prove(tab, site)
    page = tab.open("/account/mfa")
    page.get_by_role("link", name="Renew").click()
    page.get_by_role("button", name="Renew").click()
    expect(page.get_by_role("heading", name="Save your recovery codes")).to_be_visible()
    page.get_by_label("I have stored the codes").check()
    page.get_by_role("link", name="Done").click()
    page.get_by_role("link", name="Remove Authenticator app").click()
    page.get_by_role("button", name="Remove").click()
    told(page, "Second factor removed")
    expect(page.get_by_text("Your password alone opens this account.")).to_be_visible()


def test_a_forgotten_password_is_replaced(open_tab: OpenTab, site: Site, letters: Letters) -> None:
    tab = open_tab()
    page = tab.open("/signin")
    page.get_by_role("link", name="Forgot your password?").click()
    page.get_by_label("E-mail address").fill(site.bob.email)
    page.get_by_role("button", name="Send the link").click()
    expect(page.get_by_role("heading", name="Check your mail")).to_be_visible()
    tab.open(letters.link(site.bob.email))
    page.get_by_label("New password").fill(_OTHER_PASSWORD)
    page.get_by_role("button", name="Set the password").click()
    told(page, "Your password is set")
    _sign_in(page, site.bob.email, _OTHER_PASSWORD)
    expect(page.get_by_role("heading", name=site.organization.name)).to_be_visible()


@pytest.mark.parametrize("has_scripts", [True, False], ids=["scripts", "no scripts"])
def test_an_invitation_is_accepted(open_tab: OpenTab, site: Site, has_scripts: bool) -> None:
    tab = open_tab(has_scripts=has_scripts)
    page = tab.open(invite(site, NEW))
    page.get_by_role("button", name="Create your account").click()
    page.get_by_label("Your name").fill("Nora Lind")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Create account").click()
    page.get_by_role("button", name="Join").click()
    expect(page.get_by_role("status")).to_contain_text(f"You belong to {site.organization.name}")
    expect(page.get_by_role("heading", name=site.organization.name)).to_be_visible()


def test_who_signed_up_founds_an_organization(open_tab: OpenTab, site: Site, is_open: None) -> None:
    tab = open_tab(site.mallory)
    page = tab.open("/organizations/new")
    found = faults(tab, "organization-new-light")
    page.get_by_label("Name").fill("Larch")
    page.get_by_role("button", name="Create organization").click()
    expect(page.get_by_role("heading", name="Larch")).to_be_visible()
    assert not found


def _sign_in(page: Page, email: str, password: str) -> None:
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in", exact=True).click()
