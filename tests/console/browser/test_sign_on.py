"""Single sign-on in a real browser: set up by an owner, used by somebody, ended at both ends."""

import base64
import re
from collections.abc import Callable, Mapping
from urllib.parse import parse_qs, urlsplit

import pytest
from lxml import etree
from playwright.sync_api import Page, Route, expect

from access.actor import OPERATOR
from kit import clock
from sso.bindings import inflated, signed_query
from sso.domains import challenge_name, challenge_text
from sso.logout import logout_response
from sso.queries import connections_of, domains_of
from tests.console.browser.conftest import OpenTab, Tab
from tests.console.browser.hands import told
from tests.console.conftest import Site
from tests.sso.conftest import names
from tests.sso.factory import encoded, reread, sign, signer
from tests.sso.provider import DOMAIN, Provider, provider_of
from tests.sso.test_metadata import document, key
from tests.sso.test_signing_out import theirs, wish
from tests.support.codes import codes_now, with_app
from tests.support.name_server import NameServer
from tests.support.world import PASSWORD
from tests.tour.pages import OWNER

__all__ = ["names"]

pytestmark = [pytest.mark.browser, pytest.mark.nightly]

_PROVIDER = "https://idp.example.org"
_FORM = """<!doctype html><html lang="en"><title>Provider</title>
<form method="post" action="{action}"><input type="hidden" name="{name}" value="{sent}">
<button>Go on</button></form>"""
_LINK = """<!doctype html><html lang="en"><title>Provider</title><a href="{action}">Go on</a>"""


class Desk:
    """What the provider's own pages answer the browser: `asked` is what it came with.

    No page of another site is really there, and where an answer redirects to one, nobody can step
    in: so requests are posted, and the provider's wish to end a session leads nowhere.
    """

    def __init__(self, tab: Tab, provider: Provider) -> None:
        self.tab, self.provider = tab, provider
        tab.page.context.route(f"{_PROVIDER}/**", self._answer)

    def _answer(self, route: Route) -> None:
        place, sent = urlsplit(route.request.url), route.request.post_data or ""
        asked = {name: values[0] for name, values in parse_qs(place.query or sent).items()}
        answers: Mapping[str, Callable[[dict[str, str]], str]] = {
            "/sso": self._sign_on, "/slo": self._sign_off, "/portal": self._portal,
        }  # fmt: skip
        route.fulfill(content_type="text/html", body=answers[place.path](asked))

    def _sign_on(self, asked: dict[str, str]) -> str:
        arrived = asked["SAMLRequest"]
        is_posted = self.provider.connection.binding == "post"
        xml = base64.b64decode(arrived) if is_posted else inflated(arrived)
        request = etree.fromstring(xml).get("ID")
        sent = self.provider.response(f"alice@{DOMAIN}", request=request)
        action = self.tab.server + self.provider.acs
        return _FORM.format(action=action, name="SAMLResponse", sent=sent)

    def _sign_off(self, asked: dict[str, str]) -> str:
        request = etree.fromstring(inflated(asked["SAMLRequest"]))
        party, urls = theirs(self.provider)
        xml = logout_response(party, urls, answers=str(request.get("ID")), now=clock.now())
        query = signed_query("SAMLResponse", xml, relay_state="", key=signer("idp").pair)
        return _LINK.format(action=f"{self.tab.server}{self.provider.base}/slo?{query}")

    def _portal(self, _: dict[str, str]) -> str:
        xml = etree.fromstring(wish(self.provider, f"alice@{DOMAIN}"))
        action = f"{self.tab.server}{self.provider.base}/slo"
        return _FORM.format(action=action, name="SAMLRequest", sent=encoded(reread(sign(xml))))


@pytest.fixture
def alice(site: Site) -> None:
    """At an address of the domain."""
    site.alice.email = f"alice@{DOMAIN}"
    site.alice.save(update_fields=["email"])


def test_an_owner_sets_single_sign_on_up(
    open_tab: OpenTab, site: Site, alice: None, names: NameServer
) -> None:
    secret, _ = with_app(site.alice)
    tab = open_tab(who=OWNER)
    page = tab.open(f"/signin?next={site.home}/sso")
    page.get_by_label("E-mail address").fill(site.alice.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_role("textbox", name="Code").fill(codes_now(secret)[1])
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("Mail domain", exact=True).fill(DOMAIN)
    page.get_by_role("button", name="Claim").click()
    told(page, f"Now add the TXT record of {DOMAIN}")
    (domain,) = domains_of(OPERATOR, site.organization)
    names.records[challenge_name(domain)] = [challenge_text(domain)]
    page.get_by_role("button", name="Check the record").click()
    told(page, "Domain verified")
    page.get_by_label("Name", exact=True).fill("Okta")
    page.get_by_role("button", name="Connect").click()
    expect(page.get_by_role("heading", name="Okta", level=1)).to_be_visible()

    _save(page, {"Metadata (XML)": document(keys=key("old")).decode()}, "Use this metadata")
    fields = {
        "Entity ID (issuer)": f"{_PROVIDER}/entity",
        "Sign-on address": f"{_PROVIDER}/sso",
        "Signing certificate (PEM)": signer("idp").certificate,
    }
    _save(page, fields, "Save fields")
    _save(page, {"Next certificate (PEM)": signer("next").certificate}, "Add")
    page.get_by_role("button", name="Retire").last.click()
    told(page, "Done")
    _save(page, {"Name attribute": "displayName"}, "Save rules")
    _save(page, {"Metadata address": f"{_PROVIDER}/metadata"}, "Read metadata")

    (connection,) = connections_of(OPERATOR, site.organization)
    Desk(tab, Provider(connection))
    page.get_by_role("button", name="Test sign-in").click()
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_text("This person would be let in.")).to_be_visible()
    page.get_by_role("link", name="To the connection").click()
    page.get_by_role("button", name="Activate").click()
    told(page, "Done")
    page.get_by_role("navigation", name="Organization").get_by_role(
        "link", name="Single sign-on"
    ).click()
    page.get_by_role("button", name="Require single sign-on").click()
    told(page, "Single sign-on is required now")


def test_somebody_signs_on_and_off_at_both_ends(
    open_tab: OpenTab, site: Site, alice: None, names: NameServer
) -> None:
    tab, provider = open_tab(), provider_of(site.world, names)
    provider.change(binding="post")
    Desk(tab, provider)
    page = tab.page
    page.goto(f"{tab.server}/sso/{site.organization.slug}/start")
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("heading", name=site.organization.name)).to_be_visible()
    page.get_by_role("button", name="Account").click()
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("link", name="Go on").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()

    page.get_by_role("link", name="Single sign-on").click()
    page.get_by_label("E-mail address").fill(site.alice.email)
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("heading", name=site.organization.name)).to_be_visible()
    page.goto(f"{_PROVIDER}/portal")
    provider.change(slo_url="")
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("heading", name="You are signed out")).to_be_visible()
    tab.open(site.home)
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def _save(page: Page, fields: Mapping[str, str], button: str) -> None:
    for label, value in fields.items():
        page.get_by_label(re.compile(rf"^{re.escape(label)}( optional)?$")).fill(value)
    page.get_by_role("button", name=button, exact=True).click()
    told(page, "Saved")
