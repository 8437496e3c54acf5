"""A person's first hour: from the one-time link to a deleted index, with and without scripts."""

import re

import pytest
from playwright.sync_api import Page, expect

from access.actor import OPERATOR
from access.keys import parse
from indexes.lifecycle import create_index
from indexes.models import Index, IndexState
from kit import clock
from orgs.organizations import create_organization
from orgs.plans import Plan
from orgs.setup import mint_setup_link
from orgs.tenancy import tenant
from projects.models import ApiKey
from projects.queries import authenticate_api_key
from tests.console.browser.conftest import OpenTab, Tab, prove
from tests.console.conftest import Site
from tests.support.world import PASSWORD, SPEC

pytestmark = pytest.mark.browser

EMAIL, OWNER = "mara@example.com", "Mara Aydin"


def set_up(tab: Tab) -> None:
    organization = create_organization(OPERATOR, name="Hollin Labs", plan=Plan.ENTERPRISE)
    page = tab.open(f"/setup?token={mint_setup_link(OPERATOR, organization).value}")
    page.get_by_label("Your name").fill(OWNER)
    page.get_by_label("E-mail address").fill(EMAIL)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Create the owner account").click()
    expect(page.get_by_role("heading", name="Hollin Labs")).to_be_visible()


def create_project(page: Page) -> None:
    page.get_by_role("main").get_by_role("link", name="Create project").click()
    page.get_by_label("Name").fill("Search production")
    page.get_by_role("button", name="Create project").click()
    expect(page.get_by_role("heading", name="Search production")).to_be_visible()


def bring_up(name: str) -> None:
    """What a worker does."""
    Index.objects.using("system").filter(name=name).update(state=IndexState.READY)


def test_first_owner_creates_project_key_and_index_and_deletes_it(
    open_tab: OpenTab, database: None, audit_context: None
) -> None:
    tab = open_tab()
    set_up(tab)
    page = tab.page
    create_project(page)

    page.get_by_role("link", name="API keys").click()
    page.get_by_role("link", name="Create API key").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name", exact=True).fill("ingest-worker")
    expect(dialog.get_by_text("Roles:")).to_contain_text("ProjectEditor")
    dialog.get_by_text("Custom").click()
    dialog.get_by_role("radiogroup", name="Control plane").get_by_text("Read only").click()
    expect(dialog.get_by_text("Roles:")).to_contain_text("ControlPlaneViewer, DataPlaneEditor")
    tab.keep("journey-key-dialog")
    dialog.get_by_role("button", name="Create API key").click()

    dialog = page.get_by_role("dialog", name="Save your new API key")
    secret = dialog.locator("[data-value]").inner_text()
    assert parse(secret)
    assert secret not in page.url
    tab.keep("journey-key-shown-once")
    assert not tab.violations()
    done = dialog.get_by_role("link", name="Done")
    expect(done).to_have_attribute("aria-disabled", "true")
    page.keyboard.press("Escape")
    expect(dialog).to_be_visible()
    dialog.get_by_role("button", name="Copy key").click()
    expect(done).not_to_have_attribute("aria-disabled", "true")
    assert page.evaluate("navigator.clipboard.readText()") == secret
    assert authenticate_api_key(secret)[0].display_name == "ingest-worker"
    done.click()
    expect(page.get_by_role("row", name="ingest-worker")).to_contain_text("Control read only")
    assert secret not in page.content()

    page.get_by_role("link", name="Indexes").click()
    page.get_by_role("main").get_by_role("link", name="Create index").click()
    page.get_by_label("Name").fill("support-articles")
    page.get_by_label(re.compile("^Model")).select_option(label="all-MiniLM-L6-v2 · 384")
    expect(page.get_by_label("Dimension")).to_have_value("384")
    call = page.get_by_role("region", name="The same call from code")
    expect(call).to_contain_text('name="support-articles"')
    expect(call).to_contain_text("dimension=384")
    tab.keep("journey-index-form")
    page.get_by_role("button", name="Create index").click()
    expect(page.get_by_role("heading", name="support-articles")).to_be_visible()
    expect(page.get_by_text("Initializing")).to_be_visible()
    bring_up("support-articles")
    expect(page.get_by_text("Ready", exact=True)).to_be_visible()
    tab.keep("journey-index-ready")

    page.get_by_role("link", name="Danger zone").click()
    page.get_by_role("button", name="Turn on").click()
    expect(page.get_by_role("link", name="Delete index")).to_have_count(0)
    page.get_by_role("button", name="Turn off").click()
    page.get_by_role("link", name="Delete index").click()
    dialog = page.get_by_role("dialog")
    delete = dialog.get_by_role("button", name="Delete index")
    expect(delete).to_be_disabled()
    dialog.get_by_label("Type support-articles to confirm").fill("support-article")
    expect(delete).to_be_disabled()
    dialog.get_by_label("Type support-articles to confirm").fill("support-articles")
    tab.keep("journey-index-delete")
    delete.click()
    expect(page.get_by_role("heading", name="No indexes yet")).to_be_visible()
    expect(page.get_by_role("status")).to_contain_text("Index support-articles deleted")

    page.get_by_role("button", name="Account").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_forms_work_without_scripts(open_tab: OpenTab, site: Site) -> None:
    tab = open_tab(has_scripts=False)
    page = tab.open(f"{site.place}/keys")
    page.get_by_label("E-mail address").fill(site.alice.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()

    page.get_by_role("link", name="Create API key").click()
    page.get_by_label("Name", exact=True).fill("by hand")
    page.get_by_role("button", name="Create API key").click()
    expect(page.get_by_role("heading", name="Save your new API key")).to_be_visible()
    assert parse(page.locator("[data-value]").inner_text())
    page.get_by_role("link", name="Done").click()
    page.get_by_role("link", name="Revoke by hand").click()
    page.get_by_role("button", name="Revoke key").click()
    expect(page.get_by_role("heading", name="No API keys yet")).to_be_visible()

    page.get_by_role("link", name="Indexes").click()
    page.get_by_role("main").get_by_role("link", name="Create index").click()
    page.get_by_label("Name").fill("articles")
    page.get_by_label("Dimension").fill("3")
    page.get_by_role("button", name="Create index").click()
    page.get_by_role("link", name="Danger zone").click()
    page.get_by_role("link", name="Delete index").click()
    page.get_by_label("Type articles to confirm").fill("articles")
    page.get_by_role("button", name="Delete index").click()
    expect(page.get_by_role("heading", name="No indexes yet")).to_be_visible()

    page.get_by_role("button", name="Switch theme").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")

    of_organization = page.get_by_role("navigation", name="Organization")
    of_organization.get_by_role("link", name="Members").click()
    page.get_by_role("link", name="Invite people").click()
    page.get_by_label("E-mail addresses").fill("nora@example.com\nolaf@example.com")
    page.get_by_role("button", name="Send invitations").click()
    expect(page.get_by_role("row", name="nora@example.com")).to_contain_text("Pending")
    page.get_by_role("link", name="Revoke the invitation of olaf@example.com").click()
    page.get_by_role("button", name="Revoke invitation").click()
    expect(page.get_by_role("row", name="olaf@example.com")).to_have_count(0)


def test_a_machines_secret_is_shown_once_and_an_export_may_be_asked_for_twice(
    open_tab: OpenTab, site: Site
) -> None:
    tab = open_tab(site.alice)
    prove(tab, site)
    page = tab.open(f"{site.home}/service-accounts")
    page.get_by_role("link", name="Create service account").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("terraform")
    dialog.get_by_role("button", name="Create service account").click()
    expect(dialog.get_by_text("choose a role")).to_be_visible()
    dialog.get_by_label("Organization manager").check()
    dialog.get_by_role("button", name="Create service account").click()
    dialog = page.get_by_role("dialog", name="Save the secret")
    secret = dialog.locator("[data-value]").inner_text()
    done = dialog.get_by_role("link", name="Done")
    expect(done).to_have_attribute("aria-disabled", "true")
    dialog.get_by_label("I have stored the secret").check()
    expect(dialog.get_by_text("The secret will not be shown again.")).to_be_visible()
    done.click()
    expect(page.get_by_role("heading", name="terraform")).to_be_visible()
    assert secret not in page.content()

    page.get_by_role("link", name="Audit log").click()
    for _ in range(2):
        with page.expect_download() as download:
            page.get_by_role("button", name="Export JSONL").click()
        assert download.value.suggested_filename == "audit-pine.jsonl"
    tab.expect_complaints("422")


def test_phone_opens_the_sidebar_as_a_drawer(open_tab: OpenTab, site: Site) -> None:
    tab = open_tab(site.alice)
    page = tab.open(site.place)
    tab.resize(390, 844)
    expect(page.get_by_role("link", name="API keys")).to_be_hidden()
    page.get_by_role("button", name="Open navigation").click()
    expect(page.get_by_role("link", name="API keys")).to_be_visible()
    tab.keep("journey-drawer")
    assert not tab.violations()
    page.get_by_role("button", name="Switch organization or project").click()
    tab.keep("journey-drawer-switcher")
    expect(page.locator("#switcher").get_by_role("link", name="Search")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    expect(page.get_by_role("link", name="API keys")).to_be_hidden()


def test_a_page_that_asks_for_itself_does_not_take_a_click_back(
    open_tab: OpenTab, site: Site
) -> None:
    """The index turns ready while somebody is on the way to another page."""
    create_index(OPERATOR, site.project, name="articles", spec=SPEC, dimension=3)
    page = open_tab(site.vera).open(f"{site.place}/indexes/articles")
    page.evaluate("window.isTheSame = true; dispatchEvent(new Event('beforeunload'))")
    with page.expect_response(lambda answer: "hx-refresh" in answer.headers) as answer:
        bring_up("articles")
    answer.value.finished()
    page.evaluate("new Promise(requestAnimationFrame)")  # what the answer leads to has begun
    assert page.evaluate("window.isTheSame")


def test_list_of_indexes_turns_ready_by_itself(open_tab: OpenTab, site: Site) -> None:
    create_index(OPERATOR, site.project, name="articles", spec=SPEC, dimension=3)
    page = open_tab(site.vera).open(f"{site.place}/indexes")
    expect(page.get_by_text("Initializing")).to_be_visible()
    bring_up("articles")
    expect(page.get_by_text("Ready", exact=True)).to_be_visible()
    expect(page.locator("#rows")).not_to_have_attribute("hx-get", re.compile("."))


def test_the_quickstart_turns_green_with_the_first_call(open_tab: OpenTab, site: Site) -> None:
    key, _ = site.world.key()
    page = open_tab(site.alice).open(site.place)
    quickstart = page.get_by_role("region", name="Quickstart")
    expect(quickstart).to_contain_text("Waiting for the first call")
    with tenant(site.organization.pk):
        ApiKey.objects.filter(pk=key.pk).update(last_used_at=clock.now())
    expect(quickstart).to_contain_text("Connected")
    expect(quickstart.locator("[hx-trigger]")).to_have_count(0)


def test_switching_the_theme_is_kept(open_tab: OpenTab, site: Site) -> None:
    page = open_tab(site.alice).open(site.home)
    page.get_by_role("button", name="Switch organization or project").click()
    page.locator("#switcher").get_by_role("link", name="Search").wait_for()
    page.keyboard.press("Escape")
    with page.expect_response("**/theme"):
        page.get_by_role("button", name="Switch theme").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
