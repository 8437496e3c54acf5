"""The pages of single sign-on: set up from nothing to required, and what a test shows."""

from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

import pytest
from django.test import Client
from lxml import etree

from access.actor import OPERATOR
from accounts.models import User
from orgs.organizations import set_plan
from orgs.plans import Plan
from orgs.tenancy import tenant
from sso.bindings import inflated
from sso.domains import challenge_name, challenge_text
from sso.models import SamlConnection, Status, TestSignOn
from sso.queries import connections_of, domains_of
from tests.console.conftest import Site
from tests.sso.conftest import names
from tests.sso.factory import signer
from tests.sso.provider import DOMAIN, Provider
from tests.support.codes import codes_now, with_app
from tests.support.name_server import NameServer
from tests.support.world import PASSWORD

__all__ = ["names"]


@pytest.fixture
def owner(site: Site) -> Client:
    """Alice, at an address of the domain, freshly signed in with two factors."""
    site.alice.email = f"alice@{DOMAIN}"
    site.alice.save(update_fields=["email"])
    secret, _ = with_app(site.alice)
    client = Client(HTTP_ACCEPT="text/html")
    client.post("/signin", {"email": site.alice.email, "password": PASSWORD})
    client.post("/signin/mfa", {"code": codes_now(secret)[1]})
    return client


def told(answer: Any) -> str:
    return str(answer.content.decode())


def test_from_nothing_to_required(site: Site, owner: Client, names: NameServer) -> None:
    home = f"{site.home}/sso"
    assert "No domain is claimed yet" in told(owner.get(home))
    assert owner.post(f"{home}/domains", {"domain": DOMAIN}).status_code == 302
    (domain,) = domains_of(OPERATOR, site.organization)
    page = told(owner.get(home))
    assert challenge_text(domain) in page
    of_domain = f"{home}/domains/{domain.pk}"
    assert "no TXT record" in told(owner.post(of_domain, {"act": "verify"}))
    names.records[challenge_name(domain)] = [challenge_text(domain)]
    assert owner.post(of_domain, {"act": "verify"}).status_code == 302

    made = owner.post(f"{home}/connections", {"name": "Okta", "preset": "okta"})
    here = made["Location"]
    (connection,) = connections_of(OPERATOR, site.organization)
    assert f"/sso/saml/{connection.pk}/acs" in told(owner.get(here))
    fields = {
        "entity_id": "https://idp.example.org/entity",
        "sso_url": "https://idp.example.org/sso",
        "certificate": signer("idp").certificate,
    }
    assert owner.post(f"{here}/provider", {**fields, "sso_url": "http://x"}).status_code == 422
    assert owner.post(f"{here}/provider", fields).status_code == 302
    assert "Sign in once by a test" in told(owner.post(f"{here}/act", {"act": "activate"}))

    provider = Provider(connection)
    shown = told(trial(owner, provider, here, site.alice.email, by=signer("else")))
    assert "signature_invalid" in shown
    assert site.alice.email in shown
    shown = told(trial(owner, provider, here, "x@oak.example.com"))
    assert "foreign_domain" in shown
    shown = told(trial(owner, provider, here, site.alice.email, attributes={"team": ("a<b",)}))
    assert "This person would be let in" in shown
    assert "a&lt;b" in shown
    assert owner.get(site.home).status_code == 200

    assert owner.post(f"{here}/act", {"act": "activate"}).status_code == 302
    assert owner.post(of_domain, {"act": "require"}).status_code == 302
    (domain,) = domains_of(OPERATOR, site.organization)
    assert domain.sso_required_at is not None


def trial(owner: Client, provider: Provider, here: str, email: str, **changes: Any) -> Any:
    """Begin a test in the console, answer as the provider, and follow to what it shows."""
    page = told(owner.post(f"{here}/test"))
    query = page.partition("SAMLRequest=")[2].partition("&")[0]
    request = etree.fromstring(inflated(unquote(query))).get("ID")
    sent = provider.response(email, request=request, **changes)
    answer = Client(HTTP_ACCEPT="text/html").post(provider.acs, {"SAMLResponse": sent})
    assert answer.status_code == 303
    return owner.get(answer["Location"])


def test_whoever_owns_nothing_sees_nothing(site: Site, as_user: Callable[[User], Client]) -> None:
    page = told(as_user(site.bob).get(site.home))
    assert f"{site.home}/sso" not in page


def test_pages_want_a_fresh_proof_and_lead_back(
    site: Site, as_user: Callable[[User], Client]
) -> None:
    client = as_user(site.alice)
    home = f"{site.home}/sso"
    assert client.get(home)["Location"] == f"/confirm?next={home.replace('/', '%2F')}"
    answer = client.post(f"{home}/connections", headers={"Referer": f"http://testserver{home}"})
    assert answer["Location"] == f"/confirm?next={home.replace('/', '%2F')}"


def test_another_plan_is_told_what_is_missing(site: Site, owner: Client) -> None:
    set_plan(OPERATOR, site.organization, plan=Plan.STANDARD)
    home = f"{site.home}/sso"
    assert "needs Enterprise or Dedicated" in told(owner.get(home))
    answer = owner.post(f"{home}/connections", {"name": "Okta", "preset": "okta"})
    assert answer.status_code == 402


def test_rules_and_keys_are_kept(site: Site, owner: Client) -> None:
    made = owner.post(f"{site.home}/sso/connections", {"name": "K", "preset": "keycloak"})
    here = made["Location"]
    rules = {
        "email_attribute": "mail",
        "group_roles": "eng = pinecone:OrgManager\nall=pinecone:OrgMember",
        "groups_attribute": "groups", "default_role": "OrgMember", "binding": "post",
        "may_join": "on",
    }  # fmt: skip
    assert owner.post(f"{here}/rules", rules).status_code == 302
    (connection,) = connections_of(OPERATOR, site.organization)
    assert connection.group_roles == {"eng": "pinecone:OrgManager", "all": "pinecone:OrgMember"}
    assert connection.binding == "post"
    assert not connection.signs_requests
    for group in ("no equals sign", "a = pinecone:OrgOwner"):
        assert owner.post(f"{here}/rules", {**rules, "group_roles": group}).status_code == 422
    assert owner.post(f"{here}/act", {"act": "use key"}).status_code == 409
    assert owner.post(f"{here}/act", {"act": "announce key"}).status_code == 302
    assert owner.post(f"{here}/act", {"act": "use key"}).status_code == 302
    assert owner.post(f"{here}/act", {"act": "delete"}).status_code == 302
    assert connections_of(OPERATOR, site.organization) == []


def test_the_last_tests_are_listed(site: Site, owner: Client) -> None:
    owner.post(f"{site.home}/sso/connections", {"name": "K", "preset": "other"})
    (connection,) = connections_of(OPERATOR, site.organization)
    with tenant(site.organization.pk):
        for number in range(3):
            TestSignOn.objects.create(
                organization=site.organization, connection=connection, user_id=site.alice.pk,
                fault="markup", message=f"number {number}",
            )  # fmt: skip
        assert SamlConnection.objects.get(pk=connection.pk).status == Status.DRAFT
    page = told(owner.get(f"{site.home}/sso/{connection.pk}"))
    assert page.count("<code>markup</code>") == 3
