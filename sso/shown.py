"""What a message holds, for an administrator who looks for the fault: read, and not believed."""

from typing import Any

from sso.errors import SignOnRefused
from sso.markup import Element, children, decoded, parsed, text_of
from sso.parties import Connection
from sso.response import decrypted_for_show

_MAX_TEXT = 300
_MAX_ATTRIBUTES = 60
_MAX_VALUES = 40


def shown(encoded: str, connection: Connection) -> dict[str, Any]:
    """Texts of the response and its assertion; `{}` where nothing of it can be read."""
    try:
        root = decrypted_for_show(parsed(decoded(encoded)), connection)
    except SignOnRefused:
        return {}
    found = root.xpath("//*[local-name()='Assertion']")
    return {
        "destination": _cut(root.get("Destination") or ""),
        "in_response_to": _cut(root.get("InResponseTo") or ""),
        "issued_at": _cut(root.get("IssueInstant") or ""),
        "signed": [one.getparent().tag.rpartition("}")[2] for one in _named(root, "Signature")],
        "algorithms": sorted({_cut(str(one)) for one in root.xpath("//@Algorithm")}),
        "is_encrypted": bool(_named(root, "EncryptedAssertion")),
        **(_assertion(found[0]) if found else {}),
    }


def _assertion(assertion: Element) -> dict[str, Any]:
    names = children(assertion, "saml:Subject", "saml:NameID")
    return {
        "issuer": _texts(assertion, "Issuer"),
        "name_id": _cut(text_of(names[0])) if names else "",
        "name_id_format": _cut(names[0].get("Format") or "") if names else "",
        "audiences": _texts(assertion, "Audience"),
        "recipients": [_cut(str(one)) for one in assertion.xpath(".//@Recipient")],
        "valid_until": [_cut(str(one)) for one in assertion.xpath(".//@NotOnOrAfter")],
        "attributes": _attributes(assertion),
    }


def _attributes(assertion: Element) -> dict[str, list[str]]:
    found = children(assertion, "saml:AttributeStatement", "saml:Attribute")[:_MAX_ATTRIBUTES]
    return {
        _cut(one.get("Name") or ""): [
            _cut(text_of(value)) for value in children(one, "saml:AttributeValue")[:_MAX_VALUES]
        ]
        for one in found
    }


def _named(element: Element, name: str) -> list[Element]:
    return list(element.xpath(f"//*[local-name()='{name}']"))


def _texts(element: Element, name: str) -> list[str]:
    found = element.xpath(f".//*[local-name()='{name}']")
    return [_cut(text_of(one)) for one in found[:_MAX_VALUES]]


def _cut(text: str) -> str:
    return text[:_MAX_TEXT]
