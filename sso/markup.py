"""From the bytes of a SAML message to one tree, without anything that parsers disagree about."""

import base64
import binascii
from typing import Any, TypeAlias

from lxml import etree

from sso.errors import Fault, SignOnRefused

Element: TypeAlias = Any  # lxml ships no types

SAML = "urn:oasis:names:tc:SAML:2.0:assertion"
PROTOCOL = "urn:oasis:names:tc:SAML:2.0:protocol"
SIGNATURE = "http://www.w3.org/2000/09/xmldsig#"
ENCRYPTION = "http://www.w3.org/2001/04/xmlenc#"
PREFIXES = {"saml": SAML, "samlp": PROTOCOL, "ds": SIGNATURE, "xenc": ENCRYPTION}

MAX_ENCODED_BYTES = 256 * 1024


def decoded(encoded: str) -> bytes:
    """The XML inside the form's base64; line breaks are allowed, nothing else beside base64."""
    if len(encoded) > MAX_ENCODED_BYTES:
        raise SignOnRefused(Fault.TOO_LARGE, "The message is larger than 256 KiB.")
    try:
        return base64.b64decode("".join(encoded.split()), validate=True)
    except (binascii.Error, ValueError):
        raise SignOnRefused(Fault.ENCODING, "The message is not base64.") from None


def parsed(xml: bytes) -> Element:
    """The root. Refuses DTDs, comments and processing instructions rather than skipping them:
    what a signature skips and a reader does not is how texts are cut in two."""
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False,
        remove_comments=False, remove_pis=False, remove_blank_text=False,
    )  # fmt: skip
    try:
        root = etree.fromstring(xml, parser)
    except (etree.XMLSyntaxError, ValueError):
        raise SignOnRefused(Fault.MARKUP, "The message is not well-formed XML.") from None
    tree = root.getroottree()
    if tree.docinfo.doctype or tree.docinfo.internalDTD is not None:
        raise SignOnRefused(Fault.MARKUP, "The message carries a document type definition.")
    if any(not isinstance(node.tag, str) for node in tree.iter()):
        raise SignOnRefused(
            Fault.MARKUP, "The message carries a comment, an entity or a processing instruction."
        )
    if root.getprevious() is not None or root.getnext() is not None:
        raise SignOnRefused(Fault.MARKUP, "The message carries more than one XML element.")
    return root


def children(parent: Element, *path: str) -> list[Element]:
    """Elements below, one `prefix:name` per step."""
    return list(parent.xpath("/".join([".", *path]), namespaces=PREFIXES))


def text_of(element: Element) -> str:
    """The text of an element that holds nothing but text."""
    return str(element.text or "") if len(element) == 0 else ""
