"""AuthnRequests: what they ask for, and both ways to send them."""

import base64
from urllib.parse import parse_qs, urlsplit

import pytest
from lxml import etree

from sso.bindings import inflated, verified_query
from sso.parties import KeyPair
from sso.request import authn_request, post_to_provider, redirect_to_provider
from sso.signatures import signed_elements
from tests.sso.factory import ACS, ENTITY, NOW, PROTOCOL, SAML, connection, signer, stamp


def test_a_request_names_both_sides_and_asks_for_no_method() -> None:
    pending, xml = authn_request(connection(), now=NOW)
    root = etree.fromstring(xml)
    assert root.get("ID") == pending.id
    assert root.get("AssertionConsumerServiceURL") == ACS
    assert root.get("Destination") == "https://idp.example.org/sso"
    assert root.get("IssueInstant") == stamp(NOW)
    assert root.findtext(f"{{{SAML}}}Issuer") == ENTITY
    assert root.get("ForceAuthn") is None
    assert root.find(f"{{{PROTOCOL}}}RequestedAuthnContext") is None


def test_every_request_has_an_id_of_its_own() -> None:
    first, second = (authn_request(connection(), now=NOW)[0] for _ in range(2))
    assert first != second


def test_a_new_proof_may_be_asked_for() -> None:
    _, xml = authn_request(connection(), now=NOW, must_ask_again=True)
    assert etree.fromstring(xml).get("ForceAuthn") == "true"


@pytest.mark.parametrize("key", [None, signer("sp").pair], ids=["unsigned", "signed"])
@pytest.mark.parametrize("address", ["https://idp.example.org/sso", "https://idp/sso?tenant=1"])
def test_a_redirect_carries_the_request(key: KeyPair | None, address: str) -> None:
    to = connection(idp_sso_url=address)
    _, xml = authn_request(to, now=NOW)
    url = redirect_to_provider(to, xml, relay_state="state", key=key)
    assert url.startswith(address)
    fields = parse_qs(urlsplit(url).query)
    assert inflated(fields["SAMLRequest"][0]) == xml
    assert fields["RelayState"] == ["state"]
    if key is not None:
        query = urlsplit(url).query.removeprefix("tenant=1&")
        assert verified_query(query, "SAMLRequest", [key.certificate])


def test_a_form_carries_the_request_signed_inside() -> None:
    pair = signer("sp").pair
    _, xml = authn_request(connection(), now=NOW)
    plain = post_to_provider(connection(), xml, relay_state="", key=None)
    assert base64.b64decode(plain.fields["SAMLRequest"]) == xml
    assert "RelayState" not in plain.fields
    form = post_to_provider(connection(), xml, relay_state="state", key=pair)
    assert form.action == connection().idp_sso_url
    root = etree.fromstring(base64.b64decode(form.fields["SAMLRequest"]))
    assert root.find("{http://www.w3.org/2000/09/xmldsig#}Signature") is not None
    assert signed_elements(etree.fromstring(xml)) == []
