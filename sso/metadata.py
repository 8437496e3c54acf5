"""Metadata documents: what an identity provider says of itself, and what we say of ourselves.

SAML 2.0 metadata (OASIS, 2005).
"""

import base64
import binascii
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from cryptography.x509 import load_pem_x509_certificate
from lxml import etree
from onelogin.saml2.utils import OneLogin_Saml2_Utils as Library

from kit.errors import InvalidArgument
from kit.ids import new_id
from sso.markup import SIGNATURE, Element
from sso.parties import Connection, KeyPair

METADATA = "urn:oasis:names:tc:SAML:2.0:metadata"
MAX_BYTES = 1024 * 1024
_PROTOCOL = "urn:oasis:names:tc:SAML:2.0:protocol"
_BINDING = "urn:oasis:names:tc:SAML:2.0:bindings:"
_NAMES = {"md": METADATA, "ds": SIGNATURE}
_RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
_SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"
_VALID_FOR = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class ProviderMetadata:
    """Of one identity provider. Certificates are PEM and may be several: the next one is announced
    beside the current one. Addresses are None for bindings it does not offer."""

    entity_id: str
    sso_redirect_url: str | None
    sso_post_url: str | None
    slo_redirect_url: str | None
    slo_post_url: str | None
    certificates: tuple[str, ...]


def read_provider_metadata(xml: bytes, *, now: datetime) -> ProviderMetadata:
    """Raises `InvalidArgument` with what an administrator has to look for."""
    root = _parsed(xml)
    descriptors = root.xpath("descendant-or-self::md:IDPSSODescriptor", namespaces=_NAMES)
    if len(descriptors) != 1:
        raise InvalidArgument(
            f"The metadata must describe one identity provider, and it describes "
            f"{len(descriptors)}.",
            field="metadata",
        )
    (descriptor,) = descriptors
    entity = descriptor.getparent()
    if entity is None or not (entity.get("entityID") or "").strip():
        raise InvalidArgument("The metadata names no entityID.", field="metadata")
    _require_valid(root, entity, descriptor, now)
    found = ProviderMetadata(
        entity_id=entity.get("entityID").strip(),
        sso_redirect_url=_address(descriptor, "SingleSignOnService", "HTTP-Redirect"),
        sso_post_url=_address(descriptor, "SingleSignOnService", "HTTP-POST"),
        slo_redirect_url=_address(descriptor, "SingleLogoutService", "HTTP-Redirect"),
        slo_post_url=_address(descriptor, "SingleLogoutService", "HTTP-POST"),
        certificates=_certificates(descriptor),
    )
    if found.sso_redirect_url is None and found.sso_post_url is None:
        raise InvalidArgument(
            "The metadata names no sign-on address for HTTP-Redirect or HTTP-POST.",
            field="metadata",
        )
    return found


def certificate_pem(text: str) -> str:
    """A certificate as PEM, from PEM or from the bare base64 of metadata. Raises
    `InvalidArgument`."""
    body = "".join(
        line for line in text.split() if not line.startswith("-----") and "CERTIFICATE" not in line
    )
    try:
        base64.b64decode(body, validate=True)
        wrapped = "\n".join(textwrap.wrap(body, 64))
        pem = f"-----BEGIN CERTIFICATE-----\n{wrapped}\n-----END CERTIFICATE-----\n"
        load_pem_x509_certificate(pem.encode())
    except (binascii.Error, ValueError):
        raise InvalidArgument("This is not an X.509 certificate.", field="certificate") from None
    return pem


def own_metadata(
    connection: Connection, *, slo_url: str, signs_with: KeyPair | None, now: datetime
) -> bytes:
    """Ours for one connection: every key pair decrypts, the first one signs; signed by it."""
    root = etree.Element(f"{{{METADATA}}}EntityDescriptor", nsmap=_NAMES)
    root.set("ID", f"_{new_id().hex}")
    root.set("entityID", connection.entity_id)
    root.set("validUntil", (now + _VALID_FOR).strftime("%Y-%m-%dT%H:%M:%SZ"))
    role = etree.SubElement(root, f"{{{METADATA}}}SPSSODescriptor")
    role.set("AuthnRequestsSigned", "true" if signs_with else "false")
    role.set("WantAssertionsSigned", "true")
    role.set("protocolSupportEnumeration", _PROTOCOL)
    for pair in connection.key_pairs:
        uses = ("signing", "encryption") if pair == signs_with else ("encryption",)
        for use in uses:
            _add_key(role, use, pair)
    _add_service(role, "SingleLogoutService", "HTTP-Redirect", slo_url)
    _add_service(role, "SingleLogoutService", "HTTP-POST", slo_url)
    consumer = _add_service(role, "AssertionConsumerService", "HTTP-POST", connection.acs_url)
    consumer.set("index", "0")
    consumer.set("isDefault", "true")
    xml = bytes(etree.tostring(root))
    if signs_with is None:
        return xml
    pair = signs_with
    return bytes(
        Library.add_sign(
            xml,
            pair.private_key,
            pair.certificate,
            sign_algorithm=_RSA_SHA256,
            digest_algorithm=_SHA256,
        )
    )


def _parsed(xml: bytes) -> Element:
    """Comments are common in metadata and mean nothing; document types are refused."""
    if len(xml) > MAX_BYTES:
        raise InvalidArgument("The metadata is larger than 1 MiB.", field="metadata")
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False,
        remove_comments=True, remove_pis=True,
    )  # fmt: skip
    try:
        root = etree.fromstring(xml, parser)
    except (etree.XMLSyntaxError, ValueError):
        raise InvalidArgument("The metadata is not well-formed XML.", field="metadata") from None
    if root.getroottree().docinfo.doctype or root.getroottree().docinfo.internalDTD is not None:
        raise InvalidArgument("The metadata carries a document type.", field="metadata")
    return root


def _require_valid(root: Element, entity: Element, descriptor: Element, now: datetime) -> None:
    for element in (root, entity, descriptor):
        until = element.get("validUntil")
        if until is None:
            continue
        try:
            end = datetime.fromisoformat(until)
        except ValueError:
            end = None
        if end is None or end.tzinfo is None or end <= now:
            raise InvalidArgument(f"The metadata was valid until {until[:40]}.", field="metadata")


def _address(descriptor: Element, service: str, binding: str) -> str | None:
    found = descriptor.xpath(
        f"md:{service}[@Binding='{_BINDING}{binding}']/@Location", namespaces=_NAMES
    )
    if not found:
        return None
    address = str(found[0]).strip()
    parts = urlsplit(address)
    if parts.scheme != "https" or not parts.hostname:
        raise InvalidArgument(
            f"The address {address[:200]!r} of the metadata is not https.", field="metadata"
        )
    return address


def _certificates(descriptor: Element) -> tuple[str, ...]:
    texts = descriptor.xpath(
        "md:KeyDescriptor[not(@use) or @use='signing']//ds:X509Certificate/text()",
        namespaces=_NAMES,
    )
    found = tuple(dict.fromkeys(certificate_pem(str(text)) for text in texts))
    if not found:
        raise InvalidArgument("The metadata names no signing certificate.", field="metadata")
    return found


def _add_key(role: Element, use: str, pair: KeyPair) -> None:
    key = etree.SubElement(role, f"{{{METADATA}}}KeyDescriptor")
    key.set("use", use)
    information = etree.SubElement(key, f"{{{SIGNATURE}}}KeyInfo")
    data = etree.SubElement(information, f"{{{SIGNATURE}}}X509Data")
    lines: Sequence[str] = pair.certificate.split("\n")
    body = "".join(line for line in lines if line and not line.startswith("-----"))
    etree.SubElement(data, f"{{{SIGNATURE}}}X509Certificate").text = body


def _add_service(role: Element, name: str, binding: str, address: str) -> Element:
    service = etree.SubElement(role, f"{{{METADATA}}}{name}")
    service.set("Binding", _BINDING + binding)
    service.set("Location", address)
    return service
