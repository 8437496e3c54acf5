"""A security key in software, which says whether its owner was verified or only touched it."""

import hashlib
import html
import json
import os
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from fido2.cose import ES256
from fido2.utils import websafe_decode, websafe_encode
from fido2.webauthn import (
    AttestationObject,
    AttestedCredentialData,
    AuthenticatorData,
    CollectedClientData,
)

HOST = "localhost"
_PRESENT, _VERIFIED, _ATTESTED = 0x01, 0x04, 0x40


class SecurityKey:
    def __init__(self) -> None:
        self._private = ec.generate_private_key(ec.SECP256R1())
        self._id = os.urandom(16)
        self._owner = b""

    def register(self, options: dict[str, Any]) -> str:
        """The browser's answer to creation options."""
        asked = options["publicKey"]
        self._owner = websafe_decode(asked["user"]["id"])
        attested = AttestedCredentialData.create(
            bytes(16), self._id, ES256.from_cryptography_key(self._private.public_key())
        )
        data = self._data(_PRESENT | _VERIFIED | _ATTESTED, attested)
        return self._answer(
            {
                "clientDataJSON": websafe_encode(self._client("create", asked)),
                "attestationObject": websafe_encode(AttestationObject.create("none", data, {})),
            },
            {"credProps": {"rk": True}},
        )

    def sign(self, options: dict[str, Any], *, is_owner_verified: bool) -> str:
        """The browser's answer to request options."""
        client = self._client("get", options["publicKey"])
        data = self._data(_PRESENT | (_VERIFIED if is_owner_verified else 0))
        signed = bytes(data) + hashlib.sha256(client).digest()
        signature = self._private.sign(signed, ec.ECDSA(hashes.SHA256()))
        return self._answer(
            {
                "clientDataJSON": websafe_encode(client),
                "authenticatorData": websafe_encode(data),
                "signature": websafe_encode(signature),
                "userHandle": websafe_encode(self._owner),
            },
            {},
        )

    def _client(self, act: str, asked: dict[str, Any]) -> CollectedClientData:
        return CollectedClientData.create(f"webauthn.{act}", asked["challenge"], f"https://{HOST}")

    def _data(self, flags: int, attested: bytes = b"") -> AuthenticatorData:
        return AuthenticatorData.create(hashlib.sha256(HOST.encode()).digest(), flags, 1, attested)

    def _answer(self, response: dict[str, str], extensions: dict[str, Any]) -> str:
        name = websafe_encode(self._id)
        return json.dumps(
            {
                "id": name, "rawId": name, "type": "public-key", "response": response,
                "clientExtensionResults": extensions,
            }
        )  # fmt: skip


def options_in(page: str) -> dict[str, Any]:
    """The options that a page carries for its script."""
    text = html.unescape(page)
    found: dict[str, Any] = json.JSONDecoder().raw_decode(text[text.index('{"publicKey"') :])[0]
    return found
