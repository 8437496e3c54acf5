"""SimpleSAMLphp signs a person in through headless Chromium, and out again, from both ends."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page
from pytest_django.live_server_helper import LiveServer

from access.actor import OPERATOR
from kit.environment import environment
from orgs.tenancy import tenant
from sso.certificates import add_certificate, retire_certificate
from sso.connections import Rules, activate_connection, create_connection, set_provider, set_rules
from sso.models import SamlConnection, SsoSession, Status
from sso.party import acs_url_of, entity_id_of, logout_urls_of
from sso.queries import certificates_of, find_connection, key_pairs_of
from tests.console.browser.conftest import browser
from tests.sso.factory import signer
from tests.sso.real.simplesaml import PASSWORD, SimpleSaml, is_installed, running_provider
from tests.sso.test_connections import PROVIDER, after_trial
from tests.sso.test_domains import proven
from tests.support.name_server import NameServer
from tests.support.world import World

__all__ = ["browser"]
pytestmark = [
    pytest.mark.browser,
    pytest.mark.nightly,
    pytest.mark.skipif(not is_installed(), reason="apt-get install simplesamlphp php-cli php-xml"),
]


@dataclass
class Meeting:
    """The organization, its real provider, and where ours listens."""

    world: World
    provider: SimpleSaml
    connection: SamlConnection
    server: str

    @property
    def home(self) -> str:
        return f"{self.server}/o/{self.world.organization.slug}"


@pytest.fixture
def server(database: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    running = LiveServer("127.0.0.1")
    monkeypatch.setenv("STONEPINE_PORT", running.url.rpartition(":")[2])
    environment.cache_clear()
    yield running.url
    running.stop()
    monkeypatch.undo()
    environment.cache_clear()


@pytest.fixture
def meeting(server: str, world: World, names: NameServer, tmp_path: Path) -> Iterator[Meeting]:
    with running_provider(tmp_path) as provider:
        proven(world, names)
        connection = create_connection(OPERATOR, world.organization, name="Simple")
        described = replace(
            PROVIDER, entity_id=provider.entity_id, sso_redirect_url=provider.sso_url,
            slo_redirect_url=provider.slo_url,
        )  # fmt: skip
        set_provider(OPERATOR, connection, provider=described)
        set_rules(OPERATOR, connection, rules=Rules(may_start_at_idp=True))
        connection = after_trial(find_connection(connection.pk))
        activate_connection(OPERATOR, connection)
        (pair,) = key_pairs_of(connection)
        provider.know(
            entity_id=entity_id_of(connection), acs=acs_url_of(connection),
            slo=logout_urls_of(connection).own, certificate=pair.certificate,
        )  # fmt: skip
        yield Meeting(world, provider, find_connection(connection.pk), server)


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(ignore_https_errors=True)
    yield context.new_page()
    context.close()


def at_provider(page: Page, meeting: Meeting) -> None:
    """Nina types her password at the provider."""
    page.wait_for_url(f"{meeting.provider.base}/**")
    page.fill("input[name=username]", "nina")
    page.fill("input[name=password]", PASSWORD)
    page.keyboard.press("Enter")


def is_in(page: Page, meeting: Meeting) -> bool:
    answer = page.goto(meeting.home)
    return answer is not None and answer.status == 200 and page.url == meeting.home


def test_a_person_signs_in_and_out_from_both_ends_across_a_rotation(
    page: Page, meeting: Meeting
) -> None:
    # From our sign-in page, by the address.
    page.goto(f"{meeting.server}/sso/start?next=/o/{meeting.world.organization.slug}")
    page.fill("input[name=email]", "nina@pine.example.com")
    page.click("text=Continue")
    at_provider(page, meeting)
    page.wait_for_url(meeting.home)
    assert is_in(page, meeting)

    # Out from here: the provider's session ends as well, it asks for the password again.
    page.locator("form[action='/signout']").first.evaluate("form => form.requestSubmit()")
    page.wait_for_url(f"{meeting.server}/signin")
    assert not is_in(page, meeting)

    # In from there; the provider signs with its next key now, which was announced before.
    add_certificate(OPERATOR, meeting.connection, text=signer("next").certificate)
    meeting.provider.sign_with(signer("next"))
    started = f"{meeting.provider.sso_url}?spentityid={entity_id_of(meeting.connection)}"
    page.goto(started)
    at_provider(page, meeting)
    page.wait_for_url(f"{meeting.server}/**")
    assert is_in(page, meeting)
    first = certificates_of(meeting.connection)[0]
    retire_certificate(OPERATOR, meeting.connection, first.pk)
    assert is_in(page, meeting)

    # Out from there.
    page.goto(f"{meeting.provider.base}/saml2/idp/initSLO.php?RelayState=/")
    with tenant(meeting.world.organization.pk):
        assert not SsoSession.objects.exists()
    assert not is_in(page, meeting)
    assert meeting.connection.status == Status.ACTIVE
