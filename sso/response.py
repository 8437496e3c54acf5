"""From a SAML response to a proven assertion, or to the reason why it proves nothing (sans-IO).

SAML 2.0 core and profiles (OASIS, 2005), section 4.1.4 of the profiles. python3-saml checks and
decrypts; what it lets pass is refused here, and everything is read from the one assertion whose
signature was checked.
"""

import base64
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from lxml import etree
from onelogin.saml2.response import OneLogin_Saml2_Response as LibraryResponse
from onelogin.saml2.settings import OneLogin_Saml2_Settings as LibrarySettings

from sso.encryption import require_sound_sealing
from sso.errors import Fault, SignOnRefused
from sso.markup import PROTOCOL, SAML, Element, children, decoded, parsed, text_of
from sso.parties import Assertion, Connection, PendingRequest
from sso.reading import read_assertion
from sso.signatures import require_unique_ids, signed_elements, verify
from sso.times import require_recent

_SUCCESS = "urn:oasis:names:tc:SAML:2.0:status:Success"
_RESPONSE, _ASSERTION = f"{{{PROTOCOL}}}Response", f"{{{SAML}}}Assertion"


def verify_response(
    encoded: str, connection: Connection, *, expected: PendingRequest | None, now: datetime
) -> Assertion:
    """The assertion inside the form's `SAMLResponse`.

    `expected` is the request that this browser was sent away with, None where it was not: then
    the identity provider started the sign-on. The caller refuses ids that it has seen before.
    Raises `SignOnRefused`, and nothing else, for whatever the message holds.
    """
    try:
        return _verified(encoded, connection, expected=expected, now=now)
    except SignOnRefused:
        raise
    except Exception as error:  # the parser's, the library's: a message that breaks them is refused
        raise SignOnRefused(Fault.LIBRARY, "The message cannot be processed.") from error


def _verified(
    encoded: str, connection: Connection, *, expected: PendingRequest | None, now: datetime
) -> Assertion:
    root = parsed(decoded(encoded))
    _require_response(root, connection, expected, now)
    is_encrypted = _require_one_assertion(root, connection)
    require_unique_ids(root)
    signed = signed_elements(root)
    verify(root, signed, connection.certificates)
    if is_encrypted:
        require_sound_sealing(root, is_signed_outside=_RESPONSE in signed)
    read_by_library = _opened(root, connection, is_encrypted=is_encrypted)
    tree = root
    if is_encrypted:
        tree, inner = _decrypted(read_by_library)
        verify(tree, inner, connection.certificates)
        signed = [*signed, *inner]
    if _RESPONSE not in signed and _ASSERTION not in signed:
        raise SignOnRefused(
            Fault.SIGNATURE_MISSING, "Neither the response nor the assertion is signed."
        )
    (assertion,) = children(tree, "saml:Assertion")
    proven = read_assertion(assertion, connection, expected=expected, now=now)
    _require_library_agrees(read_by_library, connection, expected)
    return proven


def decrypted_for_show(root: Element, connection: Connection) -> Element:
    """The message with its assertion in clear where that can be had; for a page, not for belief."""
    if not root.xpath("//*[local-name()='EncryptedAssertion']"):
        return root
    try:
        require_sound_sealing(root, is_signed_outside=False)
        opened = _opened(root, connection, is_encrypted=True)
        return parsed(bytes(etree.tostring(opened.decrypted_document)))
    except Exception:  # noqa: BLE001 - whatever cannot be opened is shown as it came
        return root


def _decrypted(read_by_library: Any) -> tuple[Element, list[str]]:
    """The tree with the assertion in clear, read anew, and what is signed inside."""
    # Nodes made by xmlsec are not quite like parsed ones: lxml may fail to find them.
    tree = parsed(bytes(etree.tostring(read_by_library.decrypted_document)))
    require_unique_ids(tree)
    _require_plain_assertion(tree)
    return tree, [tag for tag in signed_elements(tree) if tag == _ASSERTION]


def _require_response(
    root: Element, connection: Connection, expected: PendingRequest | None, now: datetime
) -> None:
    if root.tag != _RESPONSE:
        raise SignOnRefused(Fault.NOT_A_RESPONSE, "The message is not a SAML response.")
    if root.get("Version") != "2.0" or not root.get("ID"):
        raise SignOnRefused(Fault.VERSION, "The message is not a SAML 2.0 response with an ID.")
    codes = children(root, "samlp:Status", "samlp:StatusCode")
    if len(codes) != 1 or codes[0].get("Value") != _SUCCESS:
        raise SignOnRefused(Fault.STATUS, f"The identity provider refused: {_status(root)}.")
    if root.get("Destination") != connection.acs_url:
        raise SignOnRefused(
            Fault.DESTINATION, f"The response is not addressed to {connection.acs_url}."
        )
    issuers = children(root, "saml:Issuer")
    if len(issuers) > 1 or any(text_of(one) != connection.idp_entity_id for one in issuers):
        raise SignOnRefused(Fault.ISSUER, f"The issuer is not {connection.idp_entity_id}.")
    require_recent(root.get("IssueInstant"), now=now)
    _require_answer(root.get("InResponseTo"), connection, expected)


def _require_answer(
    answers: str | None, connection: Connection, expected: PendingRequest | None
) -> None:
    if expected is not None and answers != expected.id:
        raise SignOnRefused(
            Fault.REQUEST_MISMATCH, "The response does not answer the request of this browser."
        )
    if expected is None and answers is not None:
        raise SignOnRefused(
            Fault.REQUEST_MISMATCH, "The response answers a request that this browser did not make."
        )
    if expected is None and not connection.may_start_at_idp:
        raise SignOnRefused(
            Fault.UNSOLICITED,
            "This connection does not let the identity provider start a sign-on: begin at the "
            "sign-in page.",
        )


def _require_one_assertion(root: Element, connection: Connection) -> bool:
    """Whether the one assertion is encrypted. It is the only one, at whatever depth one looks."""
    plain = root.xpath("//*[local-name()='Assertion']")
    sealed = root.xpath("//*[local-name()='EncryptedAssertion']")
    place = {"Assertion": plain, "EncryptedAssertion": sealed}
    if len(plain) + len(sealed) != 1 or not any(
        children(root, f"saml:{name}") == found for name, found in place.items() if found
    ):
        raise SignOnRefused(
            Fault.ASSERTION_COUNT, "The response must hold one assertion, and at its top level."
        )
    if connection.must_encrypt and not sealed:
        raise SignOnRefused(Fault.NOT_ENCRYPTED, "This connection wants encrypted assertions.")
    return bool(sealed)


def _require_plain_assertion(tree: Element) -> None:
    if len(tree.xpath("//*[local-name()='Assertion']")) != 1 or not children(
        tree, "saml:Assertion"
    ):
        raise SignOnRefused(Fault.ASSERTION_COUNT, "What was encrypted is not one assertion.")


def _opened(root: Element, connection: Connection, *, is_encrypted: bool) -> Any:
    """The message as python3-saml reads it; decrypted by the first key that fits."""
    encoded = base64.b64encode(etree.tostring(root)).decode()
    if not is_encrypted:
        return LibraryResponse(_settings(connection, private_key=""), encoded)
    for pair in connection.key_pairs:
        try:
            return LibraryResponse(_settings(connection, private_key=pair.private_key), encoded)
        except Exception:  # noqa: BLE001, S112 - the next key may open it
            continue
    raise SignOnRefused(
        Fault.DECRYPTION, "The assertion is encrypted for a key that this connection does not hold."
    )


def _require_library_agrees(
    read_by_library: Any, connection: Connection, expected: PendingRequest | None
) -> None:
    """Whatever our own rules miss, python3-saml's strict ones may still find."""
    request_id = None if expected is None else expected.id
    if not read_by_library.is_valid(_address(connection.acs_url), request_id):
        raise SignOnRefused(
            Fault.LIBRARY, f"The response is not valid: {read_by_library.get_error()}"
        )


def _settings(connection: Connection, *, private_key: str) -> Any:
    certificates = list(connection.certificates)
    return LibrarySettings(
        {
            "strict": True,
            "sp": {
                "entityId": connection.entity_id,
                "assertionConsumerService": {"url": connection.acs_url},
                "privateKey": private_key,
            },
            "idp": {
                "entityId": connection.idp_entity_id,
                "singleSignOnService": {"url": connection.idp_sso_url},
                "x509certMulti": {"signing": certificates, "encryption": certificates[:1]},
            },
            "security": {
                "allowRepeatAttributeName": False,
                "rejectDeprecatedAlgorithm": True,
                "requestedAuthnContext": False,
                "wantAttributeStatement": False,
            },
        }
    )


def _address(url: str) -> dict[str, str]:
    parts = urlsplit(url)
    return {
        "http_host": parts.netloc,
        "script_name": parts.path,
        "https": "on" if parts.scheme == "https" else "off",
    }


def _status(root: Element) -> str:
    codes = root.xpath("//*[local-name()='StatusCode']/@Value")
    words = [str(code).rpartition(":")[2][:60] for code in codes]
    said = children(root, "samlp:Status", "samlp:StatusMessage")
    return ", ".join([*words, text_of(said[0])[:200]] if said else words) or "no status"
