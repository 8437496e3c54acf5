"""Metadata of providers as they come, and our own."""

from datetime import timedelta

import pytest
from lxml import etree
from onelogin.saml2.idp_metadata_parser import OneLogin_Saml2_IdPMetadataParser
from onelogin.saml2.utils import OneLogin_Saml2_Utils

from kit.errors import InvalidArgument
from sso.metadata import (
    MAX_BYTES,
    METADATA,
    certificate_pem,
    own_metadata,
    read_provider_metadata,
)
from tests.sso.factory import ACS, ENTITY, IDP, NOW, connection, signer, stamp

SLO = "https://pine.example.com/sso/saml/4fd1/slo"


def bare(name: str) -> str:
    return "".join(signer(name).certificate.split("\n")[1:-2])


def key(name: str, use: str = ' use="signing"') -> str:
    return (
        f"<md:KeyDescriptor{use}><ds:KeyInfo><ds:X509Data><ds:X509Certificate>\n{bare(name)}\n"
        "</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>"
    )


def service(name: str, binding: str, address: str) -> str:
    whole = f"urn:oasis:names:tc:SAML:2.0:bindings:{binding}"
    return f'<md:{name} Binding="{whole}" Location="{address}"/>'


REDIRECT = service("SingleSignOnService", "HTTP-Redirect", "https://idp.example.org/sso")


def document(
    inside: str = "", *, keys: str | None = None, attributes: str = "", services: str = REDIRECT
) -> bytes:
    keys = key("idp") if keys is None else keys
    return (
        '<?xml version="1.0"?><!-- exported -->'
        f'<md:EntityDescriptor xmlns:md="{METADATA}" entityID="{IDP}" {attributes} '
        'xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><md:IDPSSODescriptor '
        'protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">'
        f"{keys}{services}{inside}</md:IDPSSODescriptor></md:EntityDescriptor>"
    ).encode()


def test_a_provider_is_read() -> None:
    found = read_provider_metadata(
        document(
            service("SingleLogoutService", "HTTP-Redirect", "https://idp.example.org/slo")
            + service("SingleSignOnService", "HTTP-POST", "https://idp.example.org/sso/post")
        ),
        now=NOW,
    )
    assert found.entity_id == IDP
    assert found.sso_redirect_url == "https://idp.example.org/sso"
    assert found.sso_post_url == "https://idp.example.org/sso/post"
    assert found.slo_redirect_url == "https://idp.example.org/slo"
    assert found.slo_post_url is None
    assert found.certificates == (signer("idp").certificate,)


def test_several_certificates_are_kept_once_each_and_keys_for_encryption_left() -> None:
    keys = key("idp") + key("next", "") + key("idp") + key("else", ' use="encryption"')
    found = read_provider_metadata(document(keys=keys), now=NOW)
    assert found.certificates == (signer("idp").certificate, signer("next").certificate)


def test_a_provider_within_a_federation_is_read() -> None:
    inner = document().partition(b"-->")[2]
    whole = b'<md:EntitiesDescriptor xmlns:md="%s">%s</md:EntitiesDescriptor>'
    found = read_provider_metadata(whole % (METADATA.encode(), inner), now=NOW)
    assert found.entity_id == IDP


@pytest.mark.parametrize(
    ("xml", "said"),
    [
        (b"hello", "well-formed"),
        (b"<!DOCTYPE a []><a/>", "document type"),
        (b"<a/>", "describes 0"),
        (b" " * (MAX_BYTES + 1), "larger than 1 MiB"),
        (document(keys=""), "no signing certificate"),
        (document(keys=key("idp").replace(bare("idp"), "AAAA")), "not an X.509"),
        (document(services=""), "no sign-on address"),
        (document(services=REDIRECT.replace("https", "http")), "not https"),
        (document(services=REDIRECT.replace("https://idp", "https:///")), "not https"),
        (document(attributes=f'validUntil="{stamp(NOW - timedelta(days=1))}"'), "valid until"),
        (document(attributes='validUntil="yesterday"'), "valid until"),
        (document().replace(IDP.encode(), b" "), "no entityID"),
    ],
)
def test_what_cannot_be_used_is_explained(xml: bytes, said: str) -> None:
    with pytest.raises(InvalidArgument, match=said):
        read_provider_metadata(xml, now=NOW)


def test_a_certificate_is_taken_with_and_without_its_frame() -> None:
    pem = signer("idp").certificate
    assert certificate_pem(pem) == pem
    assert certificate_pem(bare("idp")) == pem
    for text in ("", "AAAA", "-----BEGIN CERTIFICATE-----", "ü"):
        with pytest.raises(InvalidArgument):
            certificate_pem(text)


def test_our_own_names_every_key_and_is_signed() -> None:
    first, second = signer("sp").pair, signer("sp-next").pair
    to = connection(key_pairs=(first, second))
    xml = own_metadata(to, slo_url=SLO, signs_with=first, now=NOW)
    assert OneLogin_Saml2_Utils.validate_metadata_sign(xml, cert=first.certificate)
    root = etree.fromstring(xml)
    uses = [one.get("use") for one in root.iter(f"{{{METADATA}}}KeyDescriptor")]
    assert uses == ["signing", "encryption", "encryption"]
    assert root.get("entityID") == ENTITY
    (consumer,) = root.iter(f"{{{METADATA}}}AssertionConsumerService")
    assert consumer.get("Location") == ACS


def test_our_own_without_a_key_is_plain() -> None:
    xml = own_metadata(connection(key_pairs=()), slo_url=SLO, signs_with=None, now=NOW)
    assert b"Signature" not in xml
    assert etree.fromstring(xml).find(f".//{{{METADATA}}}SPSSODescriptor") is not None


def test_the_library_reads_the_same_of_a_provider() -> None:
    theirs = OneLogin_Saml2_IdPMetadataParser.parse(document())["idp"]
    ours = read_provider_metadata(document(), now=NOW)
    assert theirs["entityId"] == ours.entity_id
    assert theirs["singleSignOnService"]["url"] == ours.sso_redirect_url
    assert theirs["x509cert"] == bare("idp")
