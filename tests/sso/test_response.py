"""Valid responses are taken, and every fault is refused under its own name."""

import zlib
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from lxml import etree

from sso.errors import Fault, SignOnRefused
from sso.markup import MAX_ENCODED_BYTES
from sso.parties import Assertion, Connection, PendingRequest
from sso.response import verify_response
from sso.times import MAX_AGE, SKEW
from tests.sso.factory import (
    ACS,
    ENTITY,
    IDP,
    NOW,
    PERSISTENT,
    PROTOCOL,
    REQUEST,
    SAML,
    Shape,
    connection,
    copied,
    encoded,
    made,
    response,
    sign,
    signer,
    stamp,
)

MINUTE = timedelta(minutes=1)
STARTED_THERE = Shape(request=None, confirmed_request=None)


def verified(
    root: Any, to: Connection | None = None, *, expected: PendingRequest | None = REQUEST
) -> Assertion:
    return verify_response(encoded(root), to or connection(), expected=expected, now=NOW)


def fault_of(
    root: Any, to: Connection | None = None, *, expected: PendingRequest | None = REQUEST
) -> Fault:
    with pytest.raises(SignOnRefused) as refusal:
        verified(root, to, expected=expected)
    return refusal.value.fault


CLAIMS = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims"
VALID: dict[str, tuple[Any, Connection]] = {
    "signed assertion": (made, connection()),
    "signed response": (lambda: made(signs="response"), connection()),
    "both signed": (lambda: made(signs="both"), connection()),
    "signed and encrypted assertion": (lambda: made(is_encrypted=True), connection()),
    "encrypted in a signed response": (
        lambda: made(signs="response", is_encrypted=True), connection(must_encrypt=True),
    ),
    "everything": (lambda: made(signs="both", is_encrypted=True), connection()),
    "SHA-384": (lambda: made(digest="sha384"), connection()),
    "SHA-512": (lambda: made(digest="sha512", signs="both"), connection()),
    "elliptic curve": (
        lambda: made(by=signer("curve", is_elliptic=True)),
        connection(certificates=(signer("curve", is_elliptic=True).certificate,)),
    ),
    "the next certificate": (
        lambda: made(by=signer("next")),
        connection(certificates=(signer("idp").certificate, signer("next").certificate)),
    ),
    "encrypted for the next key": (
        lambda: made(is_encrypted=True, to=signer("sp-next")),
        connection(key_pairs=(signer("sp").pair, signer("sp-next").pair)),
    ),
    "persistent NameID": (
        lambda: made(Shape(name_id="f92c-41", name_format=PERSISTENT)), connection(),
    ),
    "address in the NameID only": (
        lambda: made(Shape(attributes=())), connection(email_attribute=""),
    ),
    "no statement of attributes": (lambda: made(Shape(attributes=())), connection()),
    "Entra's claims": (
        lambda: made(Shape(attributes=(
            (f"{CLAIMS}/emailaddress", ("alice@pine.example.com",)), (f"{CLAIMS}/name", ("A",)),
        ))),
        connection(email_attribute=f"{CLAIMS}/emailaddress"),
    ),
    "several groups": (
        lambda: made(Shape(attributes=(
            ("email", ("alice@pine.example.com",)), ("groups", ("a", "b", "ü")),
        ))),
        connection(),
    ),
    "several audiences in one restriction": (
        lambda: made(Shape(audiences=(("https://else.example", ENTITY),))), connection(),
    ),
    "two restrictions that both fit": (
        lambda: made(Shape(audiences=((ENTITY,), (ENTITY, "x")))), connection(),
    ),
    "fractions of seconds": (
        lambda: made(Shape(stamp=lambda at: stamp(at)[:-1] + ".123456789Z")), connection(),
    ),
    "clocks a minute apart": (
        lambda: made(Shape(issued=NOW + MINUTE, response_issued=NOW + MINUTE,
                           not_before=NOW + MINUTE)),
        connection(),
    ),
    "no bounds in the conditions": (
        lambda: made(Shape(not_before=None, not_after=None)), connection(),
    ),
    "a session that will end": (
        lambda: made(Shape(session_until=NOW + timedelta(hours=8))), connection(),
    ),
    "used once": (lambda: made(Shape(extra_condition="OneTimeUse")), connection()),
    "no issuer on the response": (lambda: made(Shape(response_issuer=None)), connection()),
    "another case in the address": (
        lambda: made(Shape(attributes=(("email", ("Alice@PINE.example.COM",)),))), connection(),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", VALID)
def test_what_providers_really_send_is_taken(name: str) -> None:
    make, to = VALID[name]
    proven = verified(make(), to)
    assert proven.email == "alice@pine.example.com"
    assert proven.session_index == "session-1"
    assert proven.in_response_to == REQUEST.id


def test_what_was_proven_is_told_whole() -> None:
    proven = verified(made(Shape(attributes=(("email", ("alice@pine.example.com",)),
                                             ("roles", ("pinecone:OrgOwner",))))))  # fmt: skip
    assert proven.id == "_assertion-1"
    assert proven.name_id == "alice@pine.example.com"
    assert proven.attributes["roles"] == ("pinecone:OrgOwner",)
    assert proven.issued_at == NOW
    assert proven.remember_until >= NOW + MAX_AGE + SKEW


def test_a_provider_may_start_where_the_connection_lets_it() -> None:
    root = made(STARTED_THERE)
    assert fault_of(root, expected=None) is Fault.UNSOLICITED
    proven = verified(root, connection(may_start_at_idp=True), expected=None)
    assert proven.in_response_to is None


SHAPES: dict[str, tuple[Fault, Shape]] = {
    "issued long ago": (Fault.ISSUE_INSTANT, Shape(issued=NOW - timedelta(days=30))),
    "issued in the future": (Fault.ISSUE_INSTANT, Shape(issued=NOW + timedelta(minutes=10))),
    "a response of long ago": (Fault.ISSUE_INSTANT, Shape(response_issued=NOW - 20 * MINUTE)),
    "an instant without a zone": (Fault.ISSUE_INSTANT, Shape(stamp=lambda at: stamp(at)[:-1])),
    "not yet valid": (Fault.NOT_YET_VALID, Shape(not_before=NOW + 3 * MINUTE)),
    "over": (Fault.EXPIRED, Shape(not_after=NOW - 3 * MINUTE)),
    "confirmed until before": (Fault.EXPIRED, Shape(confirmed_until=NOW - timedelta(seconds=91))),
    "confirmed for ever": (Fault.EXPIRED, Shape(confirmed_until=None)),
    "a session that has ended": (Fault.EXPIRED, Shape(session_until=NOW - 3 * MINUTE)),
    "another audience": (Fault.AUDIENCE, Shape(audiences=(("https://else.example",),))),
    "no audience": (Fault.AUDIENCE, Shape(audiences=())),
    "one of two restrictions": (Fault.AUDIENCE, Shape(audiences=((ENTITY,), ("else",)))),
    "an audience with our name in it": (Fault.AUDIENCE, Shape(audiences=((ENTITY + "/x",),))),
    "no recipient": (Fault.RECIPIENT, Shape(recipient=None)),
    "a recipient with our address in it": (
        Fault.RECIPIENT, Shape(recipient=f"https://evil.example/?{ACS}"),
    ),
    "another destination": (Fault.DESTINATION, Shape(destination="https://evil.example/acs")),
    "our destination and more": (Fault.DESTINATION, Shape(destination=ACS + "/more")),
    "no destination": (Fault.DESTINATION, Shape(destination=None)),
    "an empty destination": (Fault.DESTINATION, Shape(destination="")),
    "another issuer": (Fault.ISSUER, Shape(issuer="https://evil.example", response_issuer=IDP)),
    "another issuer of the response": (Fault.ISSUER, Shape(response_issuer="https://evil")),
    "no issuer": (Fault.ISSUER, Shape(issuer=None)),
    "another request": (Fault.REQUEST_MISMATCH, Shape(request="_other")),
    "the request's name stripped from the response": (
        Fault.REQUEST_MISMATCH, Shape(request=None),
    ),
    "another request in the confirmation": (
        Fault.REQUEST_MISMATCH, Shape(confirmed_request="_other"),
    ),
    "no request in the confirmation": (Fault.REQUEST_MISMATCH, Shape(confirmed_request=None)),
    "no NameID": (Fault.NAME_ID, Shape(name_id=None)),
    "an empty NameID": (Fault.NAME_ID, Shape(name_id=" ")),
    "a NameID of two kilobytes": (Fault.NAME_ID, Shape(name_id="a" * 2000)),
    "another kind of confirmation": (
        Fault.CONFIRMATION, Shape(method="urn:oasis:names:tc:SAML:2.0:cm:sender-vouches"),
    ),
    "an unknown condition": (Fault.CONDITION_UNKNOWN, Shape(extra_condition="Moon")),
    "a refusal": (Fault.STATUS, Shape(status="urn:oasis:names:tc:SAML:2.0:status:Responder")),
    "no authentication": (Fault.AUTHENTICATION_STATEMENT, Shape(statements=0)),
    "two authentications": (Fault.AUTHENTICATION_STATEMENT, Shape(statements=2)),
    "an attribute twice": (
        Fault.ATTRIBUTE_REPEATED,
        Shape(attributes=(("email", ("alice@pine.example.com",)), ("email", ("bob@x",)))),
    ),
    "two addresses": (
        Fault.ADDRESS_MALFORMED,
        Shape(attributes=(("email", ("alice@pine.example.com", "bob@pine.example.com")),)),
    ),
    "no address at all": (
        Fault.ADDRESS_MALFORMED, Shape(name_id="f92c", name_format=PERSISTENT, attributes=()),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("signs", ["assertion", "response", "both"])
def test_a_signed_response_with_a_fault_is_refused_for_it(name: str, signs: str) -> None:
    fault, shape = SHAPES[name]
    assert fault_of(made(shape, signs=signs)) is fault
    assert fault_of(made(shape, signs=signs, is_encrypted=True)) is fault


@pytest.mark.parametrize(
    ("address", "fault"),
    [
        ("alice@oak.example.com", Fault.FOREIGN_DOMAIN),
        ("alice@sub.pine.example.com", Fault.FOREIGN_DOMAIN),
        ("alice@pine.example.com.evil.example", Fault.FOREIGN_DOMAIN),
        ("alice@evil.example@pine.example.com", Fault.ADDRESS_MALFORMED),
        ("alice@pine.example.com@evil.example", Fault.ADDRESS_MALFORMED),
        ("alice@ｐine.example.com", Fault.ADDRESS_MALFORMED),
        ("alice@pıne.example.com", Fault.FOREIGN_DOMAIN),
        ("alice@pine.example.com.", Fault.ADDRESS_MALFORMED),
        ("alice@pine。example.com", Fault.ADDRESS_MALFORMED),
        ("alice@", Fault.ADDRESS_MALFORMED),
        ("@pine.example.com", Fault.ADDRESS_MALFORMED),
        ("alice bob@pine.example.com", Fault.ADDRESS_MALFORMED),
        ("alice<bob@pine.example.com", Fault.ADDRESS_MALFORMED),
        ("alice,bob@pine.example.com", Fault.ADDRESS_MALFORMED),
        ('"alice"@pine.example.com', Fault.ADDRESS_MALFORMED),
    ],
)
def test_an_address_counts_only_in_a_domain_of_this_organization(
    address: str, fault: Fault
) -> None:
    assert fault_of(made(Shape(attributes=(("email", (address,)),)))) is fault
    assert fault_of(made(Shape(name_id=address, attributes=()))) is fault


def _unsigned() -> Any:
    return made(signs="nothing")


def _stripped() -> Any:
    root = made()
    signature = root.find(".//{http://www.w3.org/2000/09/xmldsig#}Signature")
    signature.getparent().remove(signature)
    return root


def _two_assertions() -> Any:
    root = made()
    twin = copied(root.find(f"{{{SAML}}}Assertion"))
    twin.set("ID", "_second")
    root.append(twin)
    return root


def _encrypted_and_plain() -> Any:
    root = made(is_encrypted=True)
    root.append(copied(response(Shape()).find(f"{{{SAML}}}Assertion")))
    return root


def _comment() -> bytes:
    # Signed as a whole text, read by some parsers up to the comment only.
    text = etree.tostring(made(Shape(name_id="alice@pine.example.com.evil.example")))
    return text.replace(b".evil.example<", b"<!---->.evil.example<")


def _with_dtd(declaration: bytes) -> bytes:
    return b"<!DOCTYPE r [" + declaration + b"]>" + etree.tostring(made())


def _replaced(old: bytes, new: bytes) -> bytes:
    return etree.tostring(made()).replace(old, new, 1)


def _key_inside() -> Any:
    # Signed by a key that only the message itself vouches for.
    return made(by=signer("mallory"))


MESSAGES: dict[str, tuple[Fault, Callable[[], Any]]] = {
    "unsigned": (Fault.SIGNATURE_MISSING, _unsigned),
    "stripped": (Fault.SIGNATURE_MISSING, _stripped),
    "encrypted but unsigned": (
        Fault.SIGNATURE_MISSING, lambda: made(signs="nothing", is_encrypted=True),
    ),
    "a key of the sender's": (Fault.SIGNATURE_INVALID, _key_inside),
    "SHA-1": (Fault.ALGORITHM_REFUSED, lambda: made(digest="sha1")),
    "two assertions": (Fault.ASSERTION_COUNT, _two_assertions),
    "one encrypted and one plain": (Fault.ASSERTION_COUNT, _encrypted_and_plain),
    "encrypted for somebody else": (
        Fault.DECRYPTION, lambda: made(is_encrypted=True, to=signer("else")),
    ),
    "a comment in the NameID": (Fault.MARKUP, _comment),
    "an instruction": (Fault.MARKUP, lambda: _replaced(b"<saml:Sub", b"<?a b?><saml:Sub")),
    "a DTD": (Fault.MARKUP, lambda: _with_dtd(b"")),
    "an external entity": (
        Fault.MARKUP, lambda: _with_dtd(b'<!ENTITY x SYSTEM "file:///etc/passwd">'),
    ),
    "many laughs": (Fault.MARKUP, lambda: _with_dtd(
        b'<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">')),
    "no XML": (Fault.MARKUP, lambda: b"hello"),
    "an empty message": (Fault.MARKUP, lambda: b""),
    "UTF-16 with another claim": (
        Fault.MARKUP, lambda: b'<?xml version="1.0" encoding="UTF-8"?>' + "<a/>".encode("utf-16"),
    ),
    "another message": (
        Fault.NOT_A_RESPONSE, f'<a:LogoutRequest xmlns:a="{PROTOCOL}"/>'.encode,
    ),
    "SAML 1.1": (Fault.VERSION, lambda: _replaced(b'Version="2.0"', b'Version="1.1"')),
}  # fmt: skip


@pytest.mark.parametrize("name", MESSAGES)
def test_a_message_that_proves_nothing_is_refused_for_it(name: str) -> None:
    fault, make = MESSAGES[name]
    assert fault_of(make()) is fault


def test_an_assertion_of_another_connection_is_refused() -> None:
    other = connection(
        entity_id="https://pine.example.com/sso/saml/beef/metadata",
        acs_url="https://pine.example.com/sso/saml/beef/acs",
    )
    assert fault_of(made(), other) is Fault.DESTINATION
    assert (
        fault_of(made(Shape(destination=other.acs_url, recipient=other.acs_url)), other)
        is Fault.AUDIENCE
    )


def test_a_plain_assertion_is_refused_where_encryption_is_wanted() -> None:
    assert fault_of(made(signs="both"), connection(must_encrypt=True)) is Fault.NOT_ENCRYPTED


def test_a_response_of_another_browser_is_refused() -> None:
    assert fault_of(made(), expected=PendingRequest("_mine")) is Fault.REQUEST_MISMATCH
    to = connection(may_start_at_idp=True)
    assert fault_of(made(), to, expected=None) is Fault.REQUEST_MISMATCH


def test_what_is_too_large_or_no_base64_is_not_read() -> None:
    for text, fault in (("A" * (MAX_ENCODED_BYTES + 1), Fault.TOO_LARGE), ("<a/>", Fault.ENCODING),
                        ("A", Fault.ENCODING), ("ü", Fault.ENCODING)):  # fmt: skip
        with pytest.raises(SignOnRefused) as refusal:
            verify_response(text, connection(), expected=REQUEST, now=NOW)
        assert refusal.value.fault is fault


def test_a_compressed_message_is_no_response() -> None:
    assert fault_of(zlib.compress(etree.tostring(made()))) is Fault.MARKUP


def test_line_breaks_in_the_base64_are_taken() -> None:
    lines = "\r\n".join(encoded(made())[at : at + 76] for at in range(0, 9000, 76))
    assert verify_response(lines, connection(), expected=REQUEST, now=NOW).email


def test_a_signature_of_an_element_elsewhere_is_refused() -> None:
    root = made(signs="nothing")
    subject = root.find(f".//{{{SAML}}}Subject")
    subject.set("ID", "_subject")
    sign(subject)
    assert fault_of(root) is Fault.SIGNATURE_MISPLACED


def test_a_shared_id_is_refused() -> None:
    root = made(replace(Shape()), signs="response")
    root.find(f"{{{SAML}}}Assertion").set("ID", root.get("ID"))
    assert fault_of(root) is Fault.DUPLICATE_ID
