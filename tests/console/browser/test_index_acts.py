"""What owners and members do to an index and to what is kept of it, in a real browser."""

import re

import pytest
from playwright.sync_api import Page, expect

from access.actor import OPERATOR
from indexes.backup_models import Backup, BackupStatus
from indexes.backups import create_backup
from indexes.collections import create_collection
from indexes.models import Index, IndexState
from tests.console.browser.conftest import OpenTab, Tab, prove
from tests.console.browser.hands import opened, send, told
from tests.console.conftest import Site

pytestmark = [pytest.mark.browser, pytest.mark.nightly]


@pytest.fixture(params=["alice", "bob"])
def tab(open_tab: OpenTab, site: Site, request: pytest.FixtureRequest) -> Tab:
    """An owner's and a member's, who have proven themselves just now."""
    person = site.world.people[request.param]
    tab = open_tab(person)
    prove(tab, site, person)
    return tab


def test_an_index_is_created_configured_and_deleted(tab: Tab, site: Site) -> None:
    page = tab.open(f"{site.place}/indexes")
    page.get_by_role("main").get_by_role("link", name="Create index").click()
    page.get_by_label("Name").fill("articles")
    page.get_by_label("Dimension").fill("4")
    expect(page.get_by_role("region", name="The same call from code")).to_contain_text("articles")
    page.get_by_role("button", name="Create index").click()
    told(page, "Index created")
    _ready("articles")
    _go(page, "Configuration")
    page.get_by_label("Key", exact=True).fill("team")
    page.get_by_label(re.compile("^Value")).fill("search")
    page.get_by_role("button", name="Set tag").click()
    told(page, "Tag saved")
    page.get_by_role("button", name="Remove the tag team").click()
    told(page, "Tag removed")
    page.get_by_role("radio", name="Dedicated").check()
    page.get_by_label(re.compile("^Replicas( optional)?$")).fill("1")
    page.get_by_label(re.compile("^Shards( optional)?$")).fill("1")
    page.get_by_role("button", name="Change capacity").click()
    told(page, "Read capacity changed")
    _go(page, "Danger zone")
    page.get_by_role("button", name="Turn on").click()
    told(page, "Deletion protection is on")
    page.get_by_role("button", name="Turn off").click()
    told(page, "Deletion protection is off")
    dialog = opened(page, "Delete index")
    dialog.get_by_label("to confirm").fill("articles")
    dialog.get_by_role("button", name="Delete index").click()
    told(page, "Index articles deleted")


def test_an_import_is_started_and_cancelled(tab: Tab, site: Site) -> None:
    site.world.index("articles")
    _ready("articles")
    page = tab.open(f"{site.place}/indexes/articles/imports")
    folder = "s3://bucket/records"
    send(page, "Start import", "Start import", {"Folder of Parquet files": folder})
    told(page, "The import is started")
    page.get_by_role("button", name=f"Cancel the import from {folder}").click()
    told(page, "The import is cancelled")


def test_backups_are_taken_scheduled_verified_restored_and_deleted(tab: Tab, site: Site) -> None:
    site.world.index("articles")
    _ready("articles")
    page = tab.open(f"{site.place}/indexes/articles/backups")
    send(page, "Schedule backups", "Save schedule")
    told(page, "Schedule saved")
    send(page, "Delete schedule", "Delete schedule")
    told(page, "Schedule deleted")
    send(page, "Back up now", "Back up now", {"Name": "by-hand"})
    told(page, "The backup is being taken")
    expect(page.get_by_role("row", name="by-hand")).to_contain_text("Initializing")
    _taken("by-hand")
    expect(page.get_by_role("row", name="by-hand")).to_contain_text("Ready")
    page.get_by_role("button", name="Verify by-hand").click()
    told(page, "The backup is being verified")
    expect(page.get_by_role("row", name="by-hand")).to_contain_text("Verifying")
    send(page, "Restore by-hand", "Restore", {"Name of the new index": "articles-again"})
    told(page, "Restoring into articles-again")
    page.get_by_role("button", name="Cancel articles-again").click()
    told(page, "The restore into articles-again is cancelled")

    page.get_by_role("link", name="Jobs", exact=True).click()
    page.get_by_role("link", name="The verification of by-hand").click()
    page.get_by_role("button", name="Cancel the verification").click()
    told(page, "The verification of by-hand is cancelled")
    expect(page.get_by_role("row", name="Verification")).to_contain_text("Cancelled")

    old = create_backup(OPERATOR, Index.objects.using("system").get(name="articles"), name="old")
    _taken(old.name)
    page.get_by_role("link", name="Backups", exact=True).first.click()
    send(page, "Delete old", "Delete backup")
    told(page, "Backup deleted")
    expect(page.get_by_role("row", name="old", exact=True)).to_have_count(0)


def test_collections_are_made_used_and_deleted(tab: Tab, site: Site) -> None:
    articles = site.world.index("articles")
    _ready("articles")
    page = tab.open(f"{site.place}/collections")
    send(page, "Create collection", "Create collection", {"Name of the collection": "kept"})
    told(page, "Collection kept is being made")
    expect(page.get_by_role("row", name="kept")).to_contain_text("Initializing")
    spare = create_collection(OPERATOR, articles, name="spare")
    for one in ("kept", spare.collection_name):
        Backup.objects.using("system").filter(collection_name=one).update(status=BackupStatus.READY)
    expect(page.get_by_role("row", name="kept")).to_contain_text("Ready")
    page.reload()
    send(page, "Delete spare", "Delete collection")
    told(page, "Collection spare deleted")
    send(page, "Create index from kept", "Create index", {"Name of the new index": "from-kept"})
    told(page, "The index from-kept is being made")


def _go(page: Page, label: str) -> None:
    page.get_by_role("navigation", name="Index").get_by_role("link", name=label).click()


def _ready(name: str) -> None:
    """What a worker does."""
    Index.objects.using("system").filter(name=name).update(state=IndexState.READY)


def _taken(name: str) -> None:
    Backup.objects.using("system").filter(name=name).update(status=BackupStatus.READY)
