"""An identity provider for tests: makes, signs and encrypts responses in any shape."""

import base64
import copy
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

import xmlsec
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID
from lxml import etree

from kit import clock
from sso.parties import Connection, KeyPair, PendingRequest

SAML = "urn:oasis:names:tc:SAML:2.0:assertion"
PROTOCOL = "urn:oasis:names:tc:SAML:2.0:protocol"
EMAIL = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"
PERSISTENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
ACS = "https://pine.example.com/sso/saml/4fd1/acs"
ENTITY = "https://pine.example.com/sso/saml/4fd1/metadata"
IDP = "https://idp.example.org/entity"
REQUEST = PendingRequest("_request-1")
NOW = clock.now().replace(microsecond=0)


@dataclass(frozen=True)
class Signer:
    """A key in PEM with its certificate."""

    key: str
    certificate: str
    is_elliptic: bool = False

    @property
    def pair(self) -> KeyPair:
        return KeyPair(self.key, self.certificate)


@lru_cache
def signer(name: str, *, is_elliptic: bool = False) -> Signer:
    private: Any = (
        ec.generate_private_key(ec.SECP256R1()) if is_elliptic
        else rsa.generate_private_key(public_exponent=65537, key_size=2048)
    )  # fmt: skip
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - timedelta(days=1))
        .not_valid_after(NOW + timedelta(days=30))
        .sign(private, hashes.SHA256())
    )
    key = private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    return Signer(key.decode(), pem.decode(), is_elliptic)


def connection(**changes: Any) -> Connection:
    usual = Connection(
        entity_id=ENTITY,
        acs_url=ACS,
        idp_entity_id=IDP,
        idp_sso_url="https://idp.example.org/sso",
        certificates=(signer("idp").certificate,),
        domains=frozenset({"pine.example.com"}),
        key_pairs=(signer("sp").pair,),
    )
    return replace(usual, **changes)


def stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(frozen=True)
class Shape:
    """What goes into a response; None leaves the attribute or element out."""

    name_id: str | None = "alice@pine.example.com"
    name_format: str = EMAIL
    attributes: tuple[tuple[str, tuple[str, ...]], ...] = (("email", ("alice@pine.example.com",)),)
    issuer: str | None = IDP
    response_issuer: str | None = IDP
    destination: str | None = ACS
    recipient: str | None = ACS
    audiences: tuple[tuple[str, ...], ...] = ((ENTITY,),)
    request: str | None = REQUEST.id
    confirmed_request: str | None = REQUEST.id
    issued: datetime = field(default_factory=lambda: NOW)
    response_issued: datetime = field(default_factory=lambda: NOW)
    not_before: datetime | None = field(default_factory=lambda: NOW - timedelta(minutes=1))
    not_after: datetime | None = field(default_factory=lambda: NOW + timedelta(hours=1))
    confirmed_until: datetime | None = field(default_factory=lambda: NOW + timedelta(hours=1))
    session_until: datetime | None = None
    authenticated: datetime | None = None
    method: str = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
    status: str = "urn:oasis:names:tc:SAML:2.0:status:Success"
    statements: int = 1
    extra_condition: str = ""
    stamp: Callable[[datetime], str] = stamp


def _node(parent: Any, name: str, text: str | None = None, **attributes: str | None) -> Any:
    namespace = PROTOCOL if name in {"Status", "StatusCode", "Extensions"} else SAML
    node = etree.SubElement(parent, f"{{{namespace}}}{name}")
    for key, value in attributes.items():
        if value is not None:
            node.set(key, value)
    if text is not None:
        node.text = text
    return node


def response(shape: Shape) -> Any:
    """The unsigned tree."""
    at = shape.stamp
    root = etree.Element(f"{{{PROTOCOL}}}Response", nsmap={"samlp": PROTOCOL, "saml": SAML})
    root.set("ID", "_response-1")
    root.set("Version", "2.0")
    root.set("IssueInstant", at(shape.response_issued))
    for name, value in (("Destination", shape.destination), ("InResponseTo", shape.request)):
        if value is not None:
            root.set(name, value)
    if shape.response_issuer is not None:
        _node(root, "Issuer", shape.response_issuer)
    _node(_node(root, "Status"), "StatusCode", Value=shape.status)
    root.append(assertion(shape))
    return root


def assertion(shape: Shape, *, id: str = "_assertion-1") -> Any:  # noqa: A002 - SAML's own name
    at = shape.stamp
    node = etree.Element(f"{{{SAML}}}Assertion", nsmap={"saml": SAML})
    node.set("ID", id)
    node.set("Version", "2.0")
    node.set("IssueInstant", at(shape.issued))
    if shape.issuer is not None:
        _node(node, "Issuer", shape.issuer)
    subject = _node(node, "Subject")
    if shape.name_id is not None:
        _node(subject, "NameID", shape.name_id, Format=shape.name_format)
    until = None if shape.confirmed_until is None else at(shape.confirmed_until)
    _node(
        _node(subject, "SubjectConfirmation", Method=shape.method), "SubjectConfirmationData",
        InResponseTo=shape.confirmed_request, Recipient=shape.recipient, NotOnOrAfter=until,
    )  # fmt: skip
    bounds = {"NotBefore": shape.not_before, "NotOnOrAfter": shape.not_after}
    conditions = _node(node, "Conditions", **{k: v and at(v) for k, v in bounds.items()})
    for restriction in shape.audiences:
        holder = _node(conditions, "AudienceRestriction")
        for audience in restriction:
            _node(holder, "Audience", audience)
    if shape.extra_condition:
        _node(conditions, shape.extra_condition)
    for number in range(shape.statements):
        session = None if shape.session_until is None else at(shape.session_until)
        statement = _node(
            node, "AuthnStatement", AuthnInstant=at(shape.authenticated or shape.issued),
            SessionIndex=f"session-{number + 1}", SessionNotOnOrAfter=session,
        )  # fmt: skip
        context = _node(statement, "AuthnContext")
        _node(
            context, "AuthnContextClassRef",
            "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport",
        )  # fmt: skip
    if shape.attributes:
        holder = _node(node, "AttributeStatement")
        for name, values in shape.attributes:
            attribute = _node(holder, "Attribute", Name=name)
            for value in values:
                _node(attribute, "AttributeValue", value)
    return node


_RSA = {
    "sha1": xmlsec.Transform.RSA_SHA1, "sha256": xmlsec.Transform.RSA_SHA256,
    "sha384": xmlsec.Transform.RSA_SHA384, "sha512": xmlsec.Transform.RSA_SHA512,
}  # fmt: skip
_DIGEST = {
    "sha1": xmlsec.Transform.SHA1, "sha256": xmlsec.Transform.SHA256,
    "sha384": xmlsec.Transform.SHA384, "sha512": xmlsec.Transform.SHA512,
}  # fmt: skip


def sign(node: Any, by: Signer | None = None, *, digest: str = "sha256") -> Any:
    """Sign the element in place, behind its issuer."""
    by = by or signer("idp")
    method = xmlsec.Transform.ECDSA_SHA256 if by.is_elliptic else _RSA[digest]
    template = xmlsec.template.create(node, xmlsec.Transform.EXCL_C14N, method, ns="ds")
    issuer = node.find(f"{{{SAML}}}Issuer")
    node.insert(0 if issuer is None else node.index(issuer) + 1, template)
    reference = xmlsec.template.add_reference(template, _DIGEST[digest], uri=f"#{node.get('ID')}")
    xmlsec.template.add_transform(reference, xmlsec.Transform.ENVELOPED)
    xmlsec.template.add_transform(reference, xmlsec.Transform.EXCL_C14N)
    information = xmlsec.template.ensure_key_info(template)
    xmlsec.template.add_x509_data(information)
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_memory(by.key, xmlsec.KeyFormat.PEM)
    context.key.load_cert_from_memory(by.certificate, xmlsec.KeyFormat.CERT_PEM)
    xmlsec.tree.add_ids(node.getroottree().getroot(), ["ID"])
    context.register_id(node, "ID")
    context.sign(template)
    return node


def encrypt(
    root: Any,
    to: Signer | None = None,
    *,
    body: Any = xmlsec.Transform.AES256_GCM,
    transport: Any = xmlsec.Transform.RSA_OAEP,
) -> Any:
    """Replace the assertion by its encryption."""
    to = to or signer("sp")
    plain = root.find(f"{{{SAML}}}Assertion")
    manager = xmlsec.KeysManager()
    manager.add_key(xmlsec.Key.from_memory(to.certificate, xmlsec.KeyFormat.CERT_PEM))
    template = xmlsec.template.encrypted_data_create(
        root, body, type=xmlsec.EncryptionType.ELEMENT, ns="xenc"
    )
    xmlsec.template.encrypted_data_ensure_cipher_value(template)
    information = xmlsec.template.encrypted_data_ensure_key_info(template, ns="ds")
    key = xmlsec.template.add_encrypted_key(information, transport)
    xmlsec.template.encrypted_data_ensure_cipher_value(key)
    context = xmlsec.EncryptionContext(manager)
    context.key = xmlsec.Key.generate(xmlsec.KeyData.AES, 256, xmlsec.KeyDataType.SESSION)
    sealed = context.encrypt_xml(template, plain)
    holder = etree.SubElement(root, f"{{{SAML}}}EncryptedAssertion")
    holder.append(sealed)
    return root


def reread(root: Any) -> Any:
    """The tree as a receiver parses it."""
    return etree.fromstring(etree.tostring(root))


def made(
    shape: Shape | None = None,
    *,
    signs: str = "assertion",
    by: Signer | None = None,
    digest: str = "sha256",
    is_encrypted: bool = False,
    to: Signer | None = None,
) -> Any:
    """A whole response; `signs` names what is signed: assertion, response, both or nothing."""
    root = reread(response(shape or Shape()))
    if signs in {"assertion", "both"}:
        sign(root.find(f"{{{SAML}}}Assertion"), by, digest=digest)
        root = reread(root)
    if is_encrypted:
        root = reread(encrypt(root, to))
    if signs in {"response", "both"}:
        sign(root, by, digest=digest)
        root = reread(root)
    return root


def encoded(root: Any) -> str:
    return base64.b64encode(root if isinstance(root, bytes) else etree.tostring(root)).decode()


def copied(node: Any) -> Any:
    return copy.deepcopy(node)
