"""What owners do to the machines of an organization: service accounts, API keys, the directory's
tokens, webhooks and audit streams, and to the encryption key around a project."""

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from access.actor import OPERATOR
from access.permissions import Role
from audit.models import Event
from kit import clock
from orgs.role_bindings import Assignment
from orgs.service_accounts import add_secret, create_service_account
from orgs.tenancy import tenant
from sso.models import SamlConnection, Status
from sso.scim.groups import create_group
from sso.scim.resources import Group
from tests.console.browser.conftest import OpenTab, Tab, prove
from tests.console.browser.hands import keep_secret, opened, send, told
from tests.console.conftest import Site
from tests.sso.test_connections import drafted
from tests.support.key_house import VAULT_TOKEN, lasting_house
from tests.support.receivers import HttpReceiver
from tests.tour.listeners import told as delivered
from tests.webhooks.conftest import loopback_allowed, receiver
from webhooks.models import Webhook

__all__ = ["loopback_allowed", "receiver"]

pytestmark = [pytest.mark.browser, pytest.mark.nightly]


@pytest.fixture
def tab(open_tab: OpenTab, site: Site) -> Tab:
    """Alice's, who has proven herself just now."""
    tab = open_tab(site.alice)
    prove(tab, site)
    return tab


def test_service_accounts_are_renamed_given_secrets_and_deleted(tab: Tab, site: Site) -> None:
    account, _ = create_service_account(
        OPERATOR, site.organization, name="terraform", assignments=[Assignment(Role.ORG_MANAGER)]
    )
    old, _ = add_secret(OPERATOR, account, expires_at=clock.now() + timedelta(days=90))
    page = tab.open(f"{site.home}/service-accounts/{account.pk}")
    send(page, "Rename", "Save", {"Name": "pipelines"})
    told(page, "Name saved")
    send(page, f"Revoke {old.shown}", "Revoke secret")
    told(page, f"Secret {old.shown} revoked")
    send(page, "Add secret", "Add secret")
    added = keep_secret(page)
    send(page, "Rotate secrets", "Rotate secrets")
    assert keep_secret(page) != added
    send(page, "Delete account", "Delete service account")
    told(page, "Service account pipelines deleted")
    expect(page.get_by_role("heading", name="No service accounts yet")).to_be_visible()


def test_api_keys_are_rolled_disabled_enabled_and_revoked(tab: Tab, site: Site) -> None:
    site.world.key(name="storefront")
    page = tab.open(f"{site.place}/keys")
    send(page, "Disable storefront", "Disable key")
    told(page, "API key storefront disabled")
    send(page, "Enable storefront", "Enable key")
    told(page, "API key storefront enabled")
    send(page, "Roll storefront", "Roll key")
    keep_secret(page)
    expect(page.get_by_role("row", name="storefront")).to_have_count(2)
    page.get_by_role("link", name="Revoke storefront").first.click()
    page.get_by_role("dialog").get_by_role("button", name="Revoke key").click()
    told(page, "API key storefront revoked")
    expect(page.get_by_role("row", name="storefront")).to_have_count(1)
    send(page, "Create API key", "Create API key", {"Name": "notebook"})
    keep_secret(page)
    expect(page.get_by_role("row", name="notebook")).to_be_visible()


def test_a_directory_is_let_in_and_decides(tab: Tab, site: Site) -> None:
    create_group(OPERATOR, site.organization, wanted=Group(display_name="Engineering"))
    connection = drafted(site.world)
    with tenant(site.organization.pk):
        SamlConnection.objects.filter(pk=connection.pk).update(status=Status.ACTIVE)
    page = tab.open(f"{site.home}/directory")
    send(page, "Create SCIM token", "Create SCIM token", {"Name": "Okta"})
    keep_secret(page)
    send(page, "Change roles of Engineering", "Save", {"Roles": "pinecone:OrgManager"})
    told(page, "Roles of Engineering saved")
    expect(page.get_by_role("row", name="Engineering")).to_contain_text("pinecone:OrgManager")
    page.get_by_label("Sign-ons (SAML)").check()
    page.get_by_role("button", name="Save").click()
    told(page, "Who decides about people is changed")
    send(page, "Revoke Okta", "Revoke token")
    told(page, "SCIM token Okta revoked")


@pytest.mark.parametrize("is_of_project", [False, True], ids=["organization", "project"])
def test_webhooks_are_made_tried_changed_and_deleted(
    tab: Tab, site: Site, receiver: HttpReceiver, is_of_project: bool
) -> None:
    page = tab.open(f"{site.place if is_of_project else site.home}/webhooks")
    dialog = opened(page, "Create webhook")
    dialog.get_by_label("Name", exact=True).fill("Deploy bot")
    dialog.get_by_label("Address").fill(f"{receiver.url}/in")
    dialog.get_by_role("checkbox").first.check()
    dialog.get_by_role("button", name="Create webhook").click()
    keep_secret(page)
    page.get_by_role("button", name="Send a test").click()
    told(page, "The receiver answered 200")
    assert receiver.requests
    send(page, "Change", "Save", {"Name": "Release bot"})
    told(page, "Webhook saved")
    send(page, "Rotate secret", "Rotate secret")
    keep_secret(page)
    delivered(Webhook.objects.using("system").get(), "index.ready", "articles", (200,), 3)
    page.reload()
    page.get_by_role("link", name="index.ready").click()
    expect(page.get_by_role("dialog")).to_contain_text("Happened")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Send again: index.ready").click()
    told(page, "The event is sent again")
    page.get_by_role("button", name="Turn off").click()
    told(page, "Release bot is turned off")
    page.get_by_role("button", name="Turn on").click()
    told(page, "Release bot is turned on")
    send(page, "Delete webhook", "Delete webhook")
    told(page, "Webhook Release bot deleted")


def test_audit_streams_are_made_tried_rewound_and_deleted(
    tab: Tab, site: Site, receiver: HttpReceiver
) -> None:
    page = tab.open(f"{site.home}/audit/streams")
    dialog = opened(page, "Create stream")
    dialog.get_by_role("link", name="HTTPS").click()
    dialog = page.get_by_role("dialog", name="Stream to HTTPS")
    dialog.get_by_label("Name", exact=True).fill("SIEM")
    dialog.get_by_label("Address").fill(f"{receiver.url}/in")
    dialog.get_by_role("button", name="Create stream").click()
    keep_secret(page)
    page.get_by_role("button", name="Send a test").click()
    told(page, "The receiver took the test")
    page.get_by_role("button", name="Pause").click()
    told(page, "The stream is paused")
    page.get_by_role("button", name="Resume").click()
    told(page, "The stream is resumed")
    assert Event.objects.using("system").filter(action="audit_stream.paused").exists()
    send(page, "Send again", "Send again")
    told(page, "Entries are sent again")
    send(page, "Delete stream", "Delete stream")
    told(page, "Audit stream SIEM deleted")


def test_an_encryption_key_is_attached_asked_disabled_and_detached(tab: Tab, site: Site) -> None:
    settings = lasting_house().settings("vault")
    page = tab.open(f"{site.place}/encryption")
    fields = {"Address": settings["address"], "Key": settings["key"], "Token": VAULT_TOKEN}
    send(page, "HashiCorp Vault", "Attach key", fields)
    told(page, "Encryption key attached")
    page.get_by_role("button", name="Check now").click()
    told(page, "The key")
    send(page, "Change secret", "Save", {"Token": VAULT_TOKEN})
    told(page, "Encryption key changed")
    for act, done in (
        ("Disable key", "disabled"),
        ("Enable key", "enabled"),
        ("Detach key", "detached"),
    ):
        dialog = opened(page, act)
        if act != "Enable key":
            dialog.get_by_label("to confirm").fill(site.project.slug)
        dialog.get_by_role("button", name=act).click()
        told(page, f"Encryption key {done}")
    expect(page.get_by_role("heading", name="No key of your own")).to_be_visible()
