"""What owners, members and viewers do to their organization: its people, settings and notices."""

import pytest
from playwright.sync_api import expect

from access.actor import OPERATOR
from access.permissions import Role
from indexes.backup_models import Backup, BackupStatus
from indexes.backups import create_backup
from kit import clock
from notices.settlement import settle
from orgs.members import create_member
from orgs.operators import add_operator
from tests.console.browser.conftest import OpenTab, Tab, prove
from tests.console.browser.hands import opened, send, told
from tests.console.conftest import Site
from tests.support.world import PASSWORD

pytestmark = pytest.mark.browser

_HERE_ONLY = "127.0.0.0/8"


@pytest.fixture
def tab(open_tab: OpenTab, site: Site) -> Tab:
    """Alice's, who has proven herself just now."""
    tab = open_tab(site.alice)
    prove(tab, site)
    return tab


def test_an_owner_invites_people_and_changes_what_they_hold(tab: Tab, site: Site) -> None:
    page = tab.open(f"{site.home}/members")
    dialog = opened(page, "Invite people")
    dialog.get_by_label("E-mail addresses").fill("nora@example.com\nolaf@example.com")
    dialog.get_by_role("button", name="Send invitations").click()
    expect(page.get_by_role("row", name="nora@example.com")).to_contain_text("Pending")
    page.get_by_role("button", name="Send again the invitation of nora@example.com").click()
    told(page, "Invitation sent to nora@example.com again")
    send(page, "Revoke the invitation of olaf@example.com", "Revoke invitation")
    told(page, "Invitation of olaf@example.com revoked")
    dialog = opened(page, "Change roles of Bob")
    dialog.get_by_label("Organization manager").check()
    dialog.get_by_role("button", name="Save roles").click()
    told(page, "Roles of Bob changed")
    expect(page.get_by_role("row", name="Bob")).to_contain_text("Organization manager")

    tab.open(f"{site.place}/members")
    send(page, "Remove Bob", "Remove member")
    told(page, "Bob removed")
    send(page, "Add member", "Add member", {"E-mail address": site.bob.email})
    told(page, "Bob added")
    tab.open(f"{site.home}/members")
    send(page, "Remove Vera", "Remove member")
    told(page, "Vera removed")
    expect(page.get_by_role("row", name="Vera")).to_have_count(0)


def test_an_owner_keeps_settings_projects_and_billing(tab: Tab, site: Site) -> None:
    page = tab.open(f"{site.home}/settings")
    send(page, "Rename", "Save", {"Name": "Pine and Sons"})
    told(page, "Name saved")
    dialog = opened(page, "Change")
    dialog.get_by_label("People: only from these networks").fill(_HERE_ONLY)
    dialog.get_by_role("button", name="Save").click()
    told(page, "Networks saved")
    expect(page.get_by_role("region", name="Networks")).to_contain_text(_HERE_ONLY)

    dialog = opened(page, "Choose")
    dialog.get_by_label("Metrics (days)").fill("90")
    dialog.get_by_role("button", name="Save").click()
    told(page, "Retention saved")
    expect(page.get_by_role("region", name="Data retention")).to_contain_text("90 days")

    page.get_by_role("link", name="Usage and billing").click()
    send(page, "Name a contact", "Save", {"Name": "Cara", "E-mail": "cara@pine.example"})
    told(page, "Billing contact saved")
    with page.expect_download() as download:
        page.get_by_role("link", name="Statement of").click()
    assert download.value.suggested_filename.endswith(".csv")
    page.get_by_role("link", name="Audit log").click()
    page.get_by_role("button", name="Verify").click()
    expect(page.get_by_role("status").filter(has_text="The chain holds")).to_be_visible()

    page.get_by_role("link", name="Projects").click()
    send(page, "Create project", "Create project", {"Name": "Trial"})
    told(page, "Project created")
    page.get_by_role("navigation", name="Project").get_by_role("link", name="Settings").click()
    send(page, "Rename", "Save", {"Name": "Trial and error"})
    told(page, "Name saved")
    dialog = opened(page, "Change")
    dialog.get_by_label("Data plane: only from these networks").fill(_HERE_ONLY)
    dialog.get_by_role("button", name="Save").click()
    told(page, "Networks saved")
    dialog = opened(page, "Delete project")
    dialog.get_by_label("to confirm").fill("trial")
    dialog.get_by_role("button", name="Delete project").click()
    told(page, "Project Trial and error deleted")


def test_an_owner_leaves_and_the_last_one_deletes(
    tab: Tab, site: Site, open_tab: OpenTab, is_open: None
) -> None:
    page = tab.open("/organizations/new")
    page.get_by_label("Name").fill("Larch")
    page.get_by_role("button", name="Create organization").click()
    page.get_by_role("link", name="Settings").click()
    dialog = opened(page, "Delete organization")
    delete = dialog.get_by_role("button", name="Delete organization")
    expect(delete).to_be_disabled()
    dialog.get_by_label("to confirm").fill("larch")
    delete.click()
    told(page, "Organization Larch deleted")
    create_member(
        OPERATOR, site.organization, email="mara@example.com", name="Mara", password=PASSWORD,
        role=Role.ORG_OWNER,
    )  # fmt: skip
    _leave(tab, site)
    expect(page.get_by_role("heading", name="You belong to no organization yet")).to_be_visible()


@pytest.mark.parametrize("name", ["alice", "bob", "vera"])
def test_everybody_asks_reads_notices_and_may_leave(
    open_tab: OpenTab, site: Site, name: str
) -> None:
    _fail_a_backup(site)
    person = site.world.people[name]
    tab = open_tab(person)
    prove(tab, site, person)
    page = tab.open(f"{site.home}/roles")
    page.get_by_label("Who", exact=True).fill(person.email)
    page.get_by_label("Permission").select_option("index:read")
    page.get_by_label("Where").select_option("Project Search")
    page.get_by_role("button", name="Check").click()
    expect(page.get_by_role("status").filter(has_text="index:read")).to_be_visible()
    page.get_by_role("link", name="Notices").click()
    page.get_by_role("button", name="Send me mail too").click()
    expect(page.get_by_role("button", name="Stop mail")).to_be_visible()
    page.get_by_role("button", name="Dismiss: The backup of movies failed").click()
    told(page, "Notice put away")
    if name != "alice":
        _leave(tab, site)
        expect(page.get_by_role("heading", name="You belong to no organization")).to_be_visible()


def test_support_asks_is_let_in_and_shown_the_door(tab: Tab, site: Site, open_tab: OpenTab) -> None:
    add_operator(OPERATOR, site.mallory)
    theirs = open_tab(site.mallory)
    prove(theirs, site, site.mallory)
    there = theirs.open(f"/operator/organizations/{site.organization.slug}")
    there.get_by_label("Read units a month").fill("5000")
    there.get_by_role("button", name="Save caps").click()
    told(there, "has new caps")
    support = there.get_by_role("region", name="Support access")
    support.get_by_label("What for").fill("ticket 7")
    support.get_by_role("button", name="Ask the owners").click()
    told(there, "were asked")
    page = tab.open(f"{site.home}/settings")
    send(page, "Grant access", "Grant support access")
    told(page, "Support may look now")
    there.reload()
    there.get_by_role("button", name="Look at it").click()
    expect(there.get_by_role("heading", name=site.organization.name)).to_be_visible()
    there.get_by_role("button", name="Leave").click()
    told(there, "You look at it no more")
    page.get_by_role("button", name="End now").click()
    told(page, "Support sees nothing any more")
    page.get_by_role("link", name="Compliance").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download evidence").click()
    assert download.value.suggested_filename


def _leave(tab: Tab, site: Site) -> None:
    page = tab.open(f"{site.home}/settings")
    dialog = opened(page, "Leave")
    dialog.get_by_label("to confirm").fill(site.organization.slug)
    dialog.get_by_role("button", name="Leave organization").click()


def _fail_a_backup(site: Site) -> None:
    backup = create_backup(OPERATOR, site.world.index(), name="nightly")
    rows = Backup.objects.using("system").filter(pk=backup.pk)
    rows.update(status=BackupStatus.FAILED, failure="There was no room.", finished_at=clock.now())
    settle()
