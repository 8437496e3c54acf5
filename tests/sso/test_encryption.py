"""Encryption that could be used as an oracle is not opened, and refused before it is tried."""

from typing import Any

import pytest
import xmlsec

from sso.errors import Fault, SignOnRefused
from sso.response import verify_response
from tests.sso.factory import (
    NOW,
    REQUEST,
    SAML,
    Shape,
    connection,
    encoded,
    encrypt,
    reread,
    response,
    sign,
)

CBC, GCM = xmlsec.Transform.AES256, xmlsec.Transform.AES128_GCM
OAEP, PKCS1 = xmlsec.Transform.RSA_OAEP, xmlsec.Transform.RSA_PKCS1


def sealed(body: Any, transport: Any, *, is_signed_outside: bool) -> Any:
    root = reread(response(Shape()))
    sign(root.find(f"{{{SAML}}}Assertion"))
    root = reread(encrypt(reread(root), body=body, transport=transport))
    return reread(sign(root)) if is_signed_outside else root


@pytest.mark.parametrize(("body", "is_signed_outside"), [(GCM, False), (GCM, True), (CBC, True)])
def test_authenticated_encryption_is_opened(body: Any, is_signed_outside: bool) -> None:
    root = sealed(body, OAEP, is_signed_outside=is_signed_outside)
    proven = verify_response(encoded(root), connection(), expected=REQUEST, now=NOW)
    assert proven.email == "alice@pine.example.com"


@pytest.mark.parametrize(
    ("body", "transport", "is_signed_outside"),
    [(CBC, OAEP, False), (GCM, PKCS1, False), (GCM, PKCS1, True), (CBC, PKCS1, True)],
)
def test_malleable_encryption_is_refused(
    body: Any, transport: Any, is_signed_outside: bool
) -> None:
    root = sealed(body, transport, is_signed_outside=is_signed_outside)
    with pytest.raises(SignOnRefused) as refusal:
        verify_response(encoded(root), connection(), expected=REQUEST, now=NOW)
    assert refusal.value.fault is Fault.ALGORITHM_REFUSED
