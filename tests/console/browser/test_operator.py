"""An operator's way through the installation in a browser, to a suspension and back."""

import pytest
from playwright.sync_api import expect

from access.actor import OPERATOR
from indexes.backup_models import Backup, BackupStatus
from indexes.backups import create_backup
from indexes.nodes import register_node
from indexes.restores import create_index_from_backup
from orgs.operators import add_operator
from tests.console.browser.conftest import OpenTab, prove
from tests.console.browser.hands import told
from tests.console.browser.test_look import faults
from tests.console.conftest import Site

pytestmark = pytest.mark.browser


def test_an_operator_looks_around_and_suspends_an_organization(
    open_tab: OpenTab, site: Site
) -> None:
    add_operator(OPERATOR, site.alice)
    register_node("local", engines=2)
    site.world.index("films", project=site.world.their_project)
    tab = open_tab(site.alice)
    prove(tab, site)
    page = tab.open(site.home)
    page.get_by_role("button", name="Account").click()
    page.get_by_role("link", name="Operate this installation").click()
    expect(page.get_by_role("heading", name="Status")).to_be_visible()
    found = []
    here = page.get_by_role("navigation", name="Operator")
    for name in ("Status", "Nodes", "Jobs", "Settings", "Diagnostics", "Organizations"):
        here.get_by_role("link", name=name).click()
        expect(page.get_by_role("heading", name=name, exact=True)).to_be_visible()
        found += faults(tab, f"operator-{name.lower()}-light")
        tab.resize(1440)
    page.get_by_role("link", name="Oak").click()
    found += faults(tab, "operator-organization-light")
    tab.resize(1440)
    page.get_by_label("Why").fill("unpaid")
    page.get_by_role("button", name="Suspend Oak").click()
    expect(page.get_by_role("status")).to_contain_text("Oak is suspended")
    page.get_by_role("button", name="Resume").click()
    expect(page.get_by_role("status")).to_contain_text("Oak is open again")
    page.get_by_role("combobox", name="Plan").select_option("Standard")
    page.get_by_role("button", name="Change plan").click()
    expect(page.get_by_role("status")).to_contain_text("Oak has a new plan")
    assert not found


def test_an_operator_tries_the_parts_checks_and_cancels(open_tab: OpenTab, site: Site) -> None:
    add_operator(OPERATOR, site.alice)
    backup = create_backup(OPERATOR, site.world.index("articles"), name="nightly")
    Backup.objects.using("system").filter(pk=backup.pk).update(status=BackupStatus.READY)
    backup.refresh_from_db(using="system")
    create_index_from_backup(OPERATOR, backup, name="articles-again")
    tab = open_tab(site.alice)
    prove(tab, site)
    page = tab.open("/operator/settings")
    page.get_by_role("button", name="Try it: the object store").click()
    told(page, "The object store works")
    page.get_by_role("link", name="Diagnostics").click()
    page.get_by_role("button", name="Check now").click()
    expect(page.get_by_role("region", name="Findings").first).to_be_visible()
    page.get_by_role("link", name="Jobs").click()
    page.get_by_role("button", name="Cancel the restore of articles-again").click()
    told(page, "The restore of articles-again is cancelled")
