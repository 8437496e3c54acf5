"""Single logout: only signed, fresh messages of this connection's provider, addressed to us."""

import base64
import time
import tracemalloc
import zlib
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, quote

import pytest
from lxml import etree

from sso.bindings import deflated, inflated, signed_query
from sso.errors import Fault, SignOnRefused
from sso.logout import (
    LogoutRequest,
    LogoutUrls,
    logout_request,
    logout_response,
    read_posted_request,
    read_redirected_request,
    read_redirected_response,
)
from sso.parties import Connection
from tests.sso.factory import (
    ENTITY,
    IDP,
    NOW,
    PROTOCOL,
    SAML,
    connection,
    encoded,
    reread,
    sign,
    signer,
    stamp,
)

OURS = LogoutUrls(own="https://pine.example.com/sso/saml/4fd1/slo", theirs="https://idp/slo")
THEIRS = LogoutUrls(own=OURS.theirs, theirs=OURS.own)


def provider() -> Connection:
    """The other side's view: its own name where ours usually stands."""
    return connection(entity_id=IDP, idp_entity_id=ENTITY)


def wish(**changes: Any) -> Any:
    _, xml = logout_request(provider(), THEIRS, name_id="alice", session_index="s1", now=NOW)
    root = etree.fromstring(xml)
    for name, value in changes.items():
        if value is None:
            del root.attrib[name]
        else:
            root.set(name, value)
    return root


def query(root: Any, *, by: str = "idp", relay_state: str = "") -> str:
    return signed_query(
        "SAMLRequest", etree.tostring(root), relay_state=relay_state, key=signer(by).pair
    )


def read(raw_query: str) -> LogoutRequest:
    return read_redirected_request(raw_query, connection(), OURS, now=NOW)


def fault_of(raw_query: str) -> Fault:
    with pytest.raises(SignOnRefused) as refusal:
        read(raw_query)
    return refusal.value.fault


@pytest.mark.parametrize("relay_state", ["", "state with spaces & more"])
def test_a_signed_request_is_read(relay_state: str) -> None:
    found = read(query(wish(), relay_state=relay_state))
    assert (found.name_id, found.session_indexes) == ("alice", ("s1",))
    assert found.remember_until > NOW + timedelta(minutes=10)


def test_a_posted_request_is_signed_inside() -> None:
    root = reread(sign(wish()))
    found = read_posted_request(encoded(root), connection(), OURS, now=NOW)
    assert found.name_id == "alice"
    cases = (
        (wish(), Fault.SIGNATURE_MISSING),
        (reread(sign(wish(), signer("mallory"))), Fault.SIGNATURE_INVALID),
        (reread(sign(wish(), digest="sha1")), Fault.ALGORITHM_REFUSED),
    )
    for broken, fault in cases:
        with pytest.raises(SignOnRefused) as refusal:
            read_posted_request(encoded(broken), connection(), OURS, now=NOW)
        assert refusal.value.fault is fault


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"Destination": None}, Fault.DESTINATION),
        ({"Destination": OURS.own + "/x"}, Fault.DESTINATION),
        ({"IssueInstant": stamp(NOW - timedelta(hours=1))}, Fault.ISSUE_INSTANT),
        ({"NotOnOrAfter": stamp(NOW - timedelta(minutes=5))}, Fault.EXPIRED),
        ({"Version": "1.1"}, Fault.VERSION),
        ({"ID": None}, Fault.VERSION),
    ],
)
def test_a_request_with_a_fault_is_refused_for_it(changes: dict[str, Any], fault: Fault) -> None:
    assert fault_of(query(wish(**changes))) is fault


def test_a_request_must_name_its_issuer_and_one_subject() -> None:
    root = wish()
    root.find(f"{{{SAML}}}Issuer").text = "https://evil.example"
    assert fault_of(query(root)) is Fault.ISSUER
    root = wish()
    etree.SubElement(root, f"{{{SAML}}}NameID").text = "bob"
    assert fault_of(query(root)) is Fault.NAME_ID


def test_an_unsigned_or_wrongly_signed_query_is_refused() -> None:
    good = query(wish(), relay_state="r")
    unsigned = good.partition("&SigAlg")[0]
    assert fault_of(unsigned) is Fault.SIGNATURE_MISSING
    assert fault_of(query(wish(), by="mallory")) is Fault.SIGNATURE_INVALID
    assert fault_of(good.replace("RelayState=r", "RelayState=s")) is Fault.SIGNATURE_INVALID
    assert fault_of(good + "&RelayState=s") is Fault.ENCODING
    for odd in ("Relay%53tate", "%52elayState", "SAML%52equest", "a+b"):
        assert fault_of(query(wish()) + f"&{odd}=https://evil.example/") is Fault.ENCODING
    assert fault_of(good.replace("rsa-sha256", "rsa-sha1")) is Fault.ALGORITHM_REFUSED
    assert fault_of(good.replace("rsa-sha256", "rsa-moon")) is Fault.ALGORITHM_REFUSED
    assert fault_of(good.replace("rsa-sha256", "ecdsa-sha256")) is Fault.SIGNATURE_INVALID
    assert fault_of("") is Fault.SIGNATURE_MISSING


def test_a_message_of_another_kind_is_refused() -> None:
    xml = logout_response(provider(), THEIRS, answers="_x", now=NOW)
    assert fault_of(query(etree.fromstring(xml))) is Fault.NOT_A_RESPONSE
    doctype = b"<!DOCTYPE a []>" + etree.tostring(wish())
    signed = signed_query("SAMLRequest", doctype, relay_state="", key=signer("idp").pair)
    assert fault_of(signed) is Fault.MARKUP


def test_an_answer_must_be_to_our_own_request() -> None:
    name, _ = logout_request(connection(), OURS, name_id="alice", session_index="", now=NOW)

    def answer(to: str, code: str = "Success") -> str:
        root = etree.fromstring(logout_response(provider(), THEIRS, answers=to, now=NOW))
        value = f"urn:oasis:names:tc:SAML:2.0:status:{code}"
        root.find(f".//{{{PROTOCOL}}}StatusCode").set("Value", value)
        return signed_query(
            "SAMLResponse", etree.tostring(root), relay_state="", key=signer("idp").pair
        )

    def take(raw_query: str) -> None:
        read_redirected_response(raw_query, connection(), OURS, expected_id=name, now=NOW)

    take(answer(name))
    cases = (
        (answer("_other"), Fault.REQUEST_MISMATCH),
        (answer(name, "Responder"), Fault.STATUS),
        (answer(name).partition("&SigAlg")[0], Fault.SIGNATURE_MISSING),
    )
    for raw_query, fault in cases:
        with pytest.raises(SignOnRefused) as refusal:
            take(raw_query)
        assert refusal.value.fault is fault


def test_what_we_send_can_be_read_by_the_other_side() -> None:
    name, xml = logout_request(connection(), OURS, name_id="alice", session_index="s1", now=NOW)
    raw = signed_query("SAMLRequest", xml, relay_state="back", key=signer("sp").pair)
    fields = parse_qs(raw)
    assert fields["RelayState"] == ["back"]
    assert inflated(fields["SAMLRequest"][0]) == xml
    theirs = connection(
        entity_id=IDP, idp_entity_id=ENTITY, certificates=(signer("sp").certificate,)
    )
    assert read_redirected_request(raw, theirs, THEIRS, now=NOW).id == name


def test_a_bomb_does_not_unpack() -> None:
    """300 MB of nothing in 300 KB; what it may cost is said by the issue of this feature."""
    engine = zlib.compressobj(9, wbits=-15)
    bomb = b"".join(engine.compress(bytes(1 << 20)) for _ in range(150)) + engine.flush()
    text = base64.b64encode(bomb).decode()
    assert len(text) < 256 * 1024
    tracemalloc.start()
    started = time.process_time()
    with pytest.raises(SignOnRefused) as refusal:
        inflated(text)
    spent_s, (_, most) = time.process_time() - started, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert refusal.value.fault is Fault.TOO_LARGE
    assert most < 32 * 2**20
    assert spent_s < 1


def test_what_is_cut_off_or_carries_more_is_refused() -> None:
    whole = base64.b64decode(deflated(b"<a/>"))
    for packed in (whole[:-1], whole + b"more"):
        with pytest.raises(SignOnRefused) as refusal:
            inflated(base64.b64encode(packed).decode())
        assert refusal.value.fault is Fault.ENCODING
    with pytest.raises(SignOnRefused):
        inflated(quote("<a/>"))
