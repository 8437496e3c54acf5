"""Pages in both themes and at three widths: nothing sticks out, axe finds nothing.

Every page of the console is looked at in `tests/tour`, which is long.
"""

from datetime import date, timedelta

import pytest
from playwright.sync_api import expect

from access.actor import OPERATOR
from access.permissions import Role
from billing.contacts import set_billing_contact
from indexes.backup_models import Backup, RestoreJob
from indexes.backup_schedules import create_backup_schedule
from indexes.backups import create_backup
from indexes.imports import start_import
from indexes.lifecycle import create_index
from indexes.models import Import, Index, IndexState
from indexes.restores import create_index_from_backup
from kit import clock
from orgs.invitations import create_invitation
from orgs.organizations import create_organization
from orgs.plans import Plan
from orgs.role_bindings import Assignment
from orgs.service_accounts import add_secret, create_service_account
from orgs.setup import mint_setup_link
from projects.api_keys import create_api_key, disable_api_key
from projects.key_bounds import Bounds
from projects.projects import create_project
from sso.scim.groups import create_group, map_group
from sso.scim.resources import Group
from sso.scim.tokens import create_scim_token
from tests.console.browser.conftest import OpenTab, Tab, prove
from tests.console.conftest import Site
from tests.support.browser import COLOURS
from tests.support.past import Past
from tests.support.world import SPEC

pytestmark = pytest.mark.browser

TABLET = 768
WIDTHS = (1440, TABLET, 390)
PAGES = {
    "organization": "",
    "members": "/members",
    "audit": "/audit",
    "audit-nothing": "/audit?text=nothing+fits",
    "settings": "/settings",
    "settings-name": "/settings/name",
    "settings-leave": "/settings/leave",
    "settings-delete": "/settings/delete",
    "service-accounts-empty": "/service-accounts",
    "roles": "/roles",
    "quotas": "/quotas",
    "compliance": "/compliance",
    "billing": "/billing?month=2020-10&by=index",
    "billing-empty": "/billing?month=2020-09",
    "billing-contact": "/billing/contact",
    "project-new": "/projects/new",
    "project": "/p/search",
    "indexes": "/p/search/indexes",
    "index-new": "/p/search/new-index",
    "index": "/p/search/indexes/support-articles",
    "index-config": "/p/search/indexes/support-articles/config",
    "index-map": "/p/search/indexes/support-articles/map",
    "index-imports": "/p/search/indexes/support-articles/imports",
    "index-imports-empty": "/p/search/indexes/tickets-eu/imports",
    "import-new": "/p/search/indexes/support-articles/imports/new",
    "index-danger": "/p/search/indexes/support-articles/danger",
    "index-starting": "/p/search/indexes/tickets-eu",
    "index-backups": "/p/search/indexes/support-articles/backups",
    "index-backup-new": "/p/search/indexes/support-articles/backups/new",
    "index-schedule": "/p/search/indexes/support-articles/schedule",
    "backups": "/p/search/backups",
    "restore-jobs": "/p/search/restore-jobs",
    "index-delete": "/p/search/indexes/support-articles/delete",
    "keys": "/p/search/keys",
    "key-new": "/p/search/keys/new",
    "project-empty": "/p/recommendations",
    "indexes-empty": "/p/recommendations/indexes",
    "keys-empty": "/p/recommendations/keys",
    "missing": "/p/nothing",
}
VIEWER_PAGES = (
    "organization",
    "members",
    "settings",
    "roles",
    "project",
    "indexes",
    "index",
    "missing",
)


@pytest.fixture
def furnished(site: Site, past: Past) -> Site:
    """Indexes in several states, keys of several kinds, a second project; use and its contact."""
    create_project(OPERATOR, site.organization, name="Recommendations")
    for name, dimension, metric in (
        ("support-articles", 384, "cosine"),
        ("catalog-images", 1024, "euclidean"),
        ("tickets-eu", 1536, "dotproduct"),
    ):
        create_index(
            OPERATOR, site.project, name=name, spec=SPEC, dimension=dimension, metric=metric,
            tags={"team": "search"},
        )  # fmt: skip
    ready = Index.objects.using("system").exclude(name="tickets-eu")
    ready.update(state=IndexState.READY)
    for index in ready:
        past.used(index, date(2020, 10, 3), read_units=1_234_567, queries=98_765, stored=3 * 10**9)
    set_billing_contact(
        OPERATOR, site.organization, name="Cara Counter", email="accounts@pine.example",
        company="Pine Ltd.", address="1 Resin Road\n12345 Forest", tax_id="DE 123 456 789",
    )  # fmt: skip
    _back_up(ready[0])
    _import_into(ready[0])
    create_api_key(OPERATOR, site.project, name="terraform", roles=[Role.CONTROL_PLANE_EDITOR])
    create_api_key(OPERATOR, site.project, name="ingest-worker", roles=[Role.DATA_PLANE_EDITOR])
    create_api_key(OPERATOR, site.project, name="notebook-mara", roles=[Role.PROJECT_EDITOR])
    bounds = Bounds((ready[0].pk,), namespaces=("eu",), networks=("203.0.113.0/24",))
    narrow, _ = create_api_key(OPERATOR, site.project, name="edge-reader", bounds=bounds)
    disable_api_key(OPERATOR, narrow)
    return site


def _back_up(index: Index) -> None:
    """One backup in each state, a schedule, and a restore that is half done."""
    create_backup_schedule(
        OPERATOR, index, name="nightly", frequency="daily", keep_days=30, keep_count=7
    )
    rows = Backup.objects.using("system")
    for status, verification in (("Ready", "Passed"), ("Failed", ""), ("Initializing", "")):
        made = create_backup(OPERATOR, index, name=status.lower(), description="before the move")
        rows.filter(pk=made.pk).update(
            status=status, verification=verification, record_count=1_234_567, size_bytes=3 * 10**9,
            verified_at=clock.now() if verification else None,
            failure="There was no room." if status == "Failed" else "",
        )  # fmt: skip
    ready = rows.select_related("organization").filter(status="Ready")[0]
    job = create_index_from_backup(OPERATOR, ready, name="support-articles-again")
    RestoreJob.objects.using("system").filter(pk=job.pk).update(
        status="InProgress", percent_complete=40, started_at=clock.now() - timedelta(minutes=3)
    )


def _import_into(index: Index) -> None:
    """One under way, one that was cancelled, one that left records out."""
    rows = Import.objects.using("system")
    for uri, changes in (
        ("s3://pine-lake/records/2026-11", {"status": "InProgress", "percent_complete": 41}),
        ("s3://pine-lake/records/2026-10", {"status": "Cancelled", "finished_at": clock.now()}),
        (
            "https://pinelake.blob.core.windows.net/records-of-all-teams/2026/september/articles",
            {"status": "Completed", "percent_complete": 100, "records_imported": 1_234_567,
             "records_refused": 12, "finished_at": clock.now()},
        ),
    ):  # fmt: skip
        made = start_import(OPERATOR, index, uri=uri)
        rows.filter(pk=made.pk).update(**changes)


def faults(tab: Tab, name: str) -> list[str]:
    """What is wrong with the page that is open, and pictures of it."""
    found = []
    for width in WIDTHS:
        tab.resize(width)
        if tab.overflow() > 0:
            found.append(f"{name} sticks out by {tab.overflow()} pixels at {width}")
        if width != TABLET:
            tab.keep(f"{name}-light-{width}")
    found.extend(f"{name} on a phone: {violation}" for violation in tab.violations())
    tab.resize(WIDTHS[0])
    tab.wear("dark")
    tab.keep(f"{name}-dark")
    # Colours differ by theme, and nothing else does.
    return [*found, *(f"{name} in the dark: {violation}" for violation in tab.violations(COLOURS))]


def test_pages_of_the_owner_fit_and_are_accessible(open_tab: OpenTab, furnished: Site) -> None:
    tab = open_tab(furnished.alice)
    prove(tab, furnished)
    found = []
    for name, path in PAGES.items():
        tab.open(furnished.home + path)
        found.extend(faults(tab, name))
    tab.expect_complaints("404")
    assert not found


def test_members_and_invitations_fit_and_are_accessible(open_tab: OpenTab, site: Site) -> None:
    for email in ("nora.lindqvist@hollin.example", "accounts-payable@partners.pine.example"):
        create_invitation(
            OPERATOR, site.organization, email=email, assignments=[Assignment(Role.ORG_MEMBER)]
        )
    tab = open_tab(site.alice)
    prove(tab, site)
    found = []
    for name, path in {
        "members": "",
        "member-roles": f"/{site.bob.pk}/roles",
        "member-remove": f"/{site.bob.pk}/remove",
        "invite-new": "/invite",
    }.items():
        page = tab.open(f"{site.home}/members{path}")
        assert page.url.endswith(path)
        found.extend(faults(tab, name))
    assert not found


def test_service_accounts_fit_and_are_accessible(open_tab: OpenTab, site: Site) -> None:
    assignments = [Assignment(Role.ORG_MANAGER), Assignment(Role.PROJECT_EDITOR, site.project.pk)]
    account, _ = create_service_account(
        OPERATOR, site.organization, name="terraform-of-the-platform-team", assignments=assignments
    )
    add_secret(OPERATOR, account, expires_at=clock.now() + timedelta(days=90))
    tab = open_tab(site.alice)
    prove(tab, site)
    found = []
    for name, path in {
        "service-accounts": "",
        "service-account-new": "/new",
        "service-account": f"/{account.pk}",
        "service-account-rotate": f"/{account.pk}/rotate",
        "service-account-secret-new": f"/{account.pk}/secrets/new",
    }.items():
        page = tab.open(f"{site.home}/service-accounts{path}")
        assert page.url.endswith(path)
        found.extend(faults(tab, name))
    assert not found


def test_an_entry_of_the_audit_log_fits_and_is_accessible(open_tab: OpenTab, site: Site) -> None:
    tab = open_tab(site.alice)
    page = tab.open(f"{site.home}/audit")
    page.get_by_role("link", name="Details").first.click()
    expect(page.get_by_role("dialog")).to_contain_text("Entry")
    assert not faults(tab, "audit-event")


def test_the_directory_fits_and_is_accessible(open_tab: OpenTab, site: Site) -> None:
    create_scim_token(OPERATOR, site.organization, name="Okta, production")
    wanted = Group(display_name="Engineering of search and recommendations")
    group = create_group(OPERATOR, site.organization, wanted=wanted)
    roles = ["pinecone:OrgManager", f"pinecone:project:{site.project.pk}:ProjectEditor"]
    map_group(OPERATOR, group, roles=roles)
    tab = open_tab(site.alice)
    prove(tab, site)
    found = []
    for name, path in {
        "directory": "",
        "directory-token-new": "/tokens/new",
        "directory-group-roles": f"/groups/{group.pk}/roles",
    }.items():
        page = tab.open(f"{site.home}/directory{path}")
        assert "/directory" in page.url
        found.extend(faults(tab, name))
    assert not found


def test_pages_of_a_viewer_fit_and_are_accessible(open_tab: OpenTab, furnished: Site) -> None:
    tab = open_tab(furnished.vera)
    found = []
    for name in VIEWER_PAGES:
        tab.open(furnished.home + PAGES[name])
        found.extend(faults(tab, f"viewer-{name}"))
    tab.expect_complaints("404")
    assert not found


def test_pages_for_strangers_fit_and_are_accessible(
    open_tab: OpenTab, furnished: Site, has_trust_page: None
) -> None:
    fresh = create_organization(OPERATOR, name="Fresh", plan=Plan.ENTERPRISE)
    token = mint_setup_link(OPERATOR, fresh).value
    tab = open_tab()
    found = []
    for name, path in {
        "signin": "/signin",
        "setup": f"/setup?token={token}",
        "setup-closed": "/setup?token=nonsense",
        "trust": "/trust",
    }.items():
        tab.open(path)
        found.extend(faults(tab, name))
    tab.expect_complaints("404")
    assert not found


def test_the_style_guide_fits_and_is_accessible(
    open_tab: OpenTab, site: Site, settings: object
) -> None:
    settings.DEBUG = True
    tab = open_tab()
    tab.open("/styleguide")
    assert not faults(tab, "styleguide")
