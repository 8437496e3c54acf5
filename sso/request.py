"""Sending a browser to its identity provider: the AuthnRequest and its two bindings (sans-IO)."""

import base64
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from lxml import etree
from onelogin.saml2.utils import OneLogin_Saml2_Utils as Library

from kit.ids import new_id
from sso.bindings import deflated, signed_query
from sso.markup import PREFIXES, PROTOCOL, SAML
from sso.parties import Connection, KeyPair, PendingRequest

_POST = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
_UNSPECIFIED = "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified"
_RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
_SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"


@dataclass(frozen=True, slots=True)
class PostForm:
    """What a page must send to `action` by POST."""

    action: str
    fields: dict[str, str]


def authn_request(
    connection: Connection, *, now: datetime, must_ask_again: bool = False
) -> tuple[PendingRequest, bytes]:
    """A fresh request. No authentication context is asked for: how people prove themselves is
    the provider's business. `must_ask_again` wants a new proof, whatever session there is."""
    kept = {prefix: PREFIXES[prefix] for prefix in ("samlp", "saml")}
    root = etree.Element(f"{{{PROTOCOL}}}AuthnRequest", nsmap=kept)
    # An NCName may not begin with a digit.
    pending = PendingRequest(f"_{new_id().hex}")
    root.set("ID", pending.id)
    root.set("Version", "2.0")
    root.set("IssueInstant", now.strftime("%Y-%m-%dT%H:%M:%SZ"))
    root.set("Destination", connection.idp_sso_url)
    root.set("ProtocolBinding", _POST)
    root.set("AssertionConsumerServiceURL", connection.acs_url)
    if must_ask_again:
        root.set("ForceAuthn", "true")
    etree.SubElement(root, f"{{{SAML}}}Issuer").text = connection.entity_id
    policy = etree.SubElement(root, f"{{{PROTOCOL}}}NameIDPolicy")
    policy.set("Format", _UNSPECIFIED)
    policy.set("AllowCreate", "true")
    return pending, bytes(etree.tostring(root))


def redirect_to_provider(
    connection: Connection, xml: bytes, *, relay_state: str, key: KeyPair | None
) -> str:
    """The address to send the browser to; signed where there is a key."""
    if key is not None:
        query = signed_query("SAMLRequest", xml, relay_state=relay_state, key=key)
    else:
        query = _unsigned_query(xml, relay_state)
    joint = "&" if "?" in connection.idp_sso_url else "?"
    return f"{connection.idp_sso_url}{joint}{query}"


def post_to_provider(
    connection: Connection, xml: bytes, *, relay_state: str, key: KeyPair | None
) -> PostForm:
    """The form to send; signed inside where there is a key."""
    if key is not None:
        xml = Library.add_sign(
            xml,
            key.private_key,
            key.certificate,
            sign_algorithm=_RSA_SHA256,
            digest_algorithm=_SHA256,
        )
    fields = {"SAMLRequest": base64.b64encode(xml).decode()}
    if relay_state:
        fields["RelayState"] = relay_state
    return PostForm(connection.idp_sso_url, fields)


def _unsigned_query(xml: bytes, relay_state: str) -> str:
    fields = {"SAMLRequest": deflated(xml), **({"RelayState": relay_state} if relay_state else {})}
    return urlencode(fields)
