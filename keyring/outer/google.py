"""Google Cloud KMS: a symmetric key, by its resource name, with a service account's own key."""

import base64
import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from keyring.outer.key import KeyRefused
from keyring.outer.wire import Reply, Wire, decoded, unavailable
from kit import clock
from kit.errors import DataLoss

_SCOPE = "https://www.googleapis.com/auth/cloudkms"
_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_TOKEN_S = 300


@dataclass(frozen=True, slots=True)
class GoogleKey:
    """`key` is `projects/…/locations/…/keyRings/…/cryptoKeys/…`."""

    wire: Wire
    endpoint: str
    token_endpoint: str
    key: str
    client_email: str
    private_key_id: str
    private_key: str = field(repr=False)

    def wrap(self, project_id: UUID, inner: bytes) -> bytes:
        told = self._ask("encrypt", project_id, plaintext=base64.b64encode(inner).decode())
        return decoded(told, "ciphertext")

    def unwrap(self, project_id: UUID, wrapped: bytes) -> bytes:
        blob = base64.b64encode(wrapped).decode()
        told = self._ask("decrypt", project_id, ciphertext=blob)
        return decoded(told, "plaintext")

    def _ask(self, act: str, project_id: UUID, **asked: str) -> dict[str, Any]:
        bound = base64.b64encode(project_id.bytes).decode()
        url = f"{self.endpoint}/v1/{self.key}:{act}"
        headers = {"Authorization": f"Bearer {self._token()}"}
        body = {**asked, "additionalAuthenticatedData": bound}
        reply = self.wire.post_json(url, body, headers)
        if reply.is_success:
            return reply.document
        raise self._failure(reply, is_decryption=act == "decrypt")

    def _token(self) -> str:
        body = urlencode({"grant_type": _GRANT, "assertion": self._assertion()}).encode()
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        reply = self.wire.post(self.token_endpoint, body, headers)
        if reply.is_success and reply.document.get("access_token"):
            return str(reply.document["access_token"])
        if reply.status in {400, 401, 403}:
            raise KeyRefused(f"Google does not accept the service account ({reply.status}).")
        raise unavailable(urlsplit(self.token_endpoint).hostname or "", reply)

    def _assertion(self) -> str:
        """A JWT (RFC 7523), signed by the service account."""
        issued = int(clock.now().timestamp())
        head = {"alg": "RS256", "typ": "JWT", "kid": self.private_key_id}
        claims = {
            "iss": self.client_email, "scope": _SCOPE, "aud": self.token_endpoint,
            "iat": issued, "exp": issued + _TOKEN_S,
        }  # fmt: skip
        signing = ".".join(_segment(json.dumps(part).encode()) for part in (head, claims))
        key = load_pem_private_key(self.private_key.encode(), password=None)
        assert isinstance(key, RSAPrivateKey)
        return f"{signing}.{_segment(key.sign(signing.encode(), PKCS1v15(), SHA256()))}"

    def _failure(self, reply: Reply, *, is_decryption: bool) -> Exception:
        told = reply.document.get("error")
        code = str(told.get("status", "")) if isinstance(told, dict) else ""
        if is_decryption and reply.status == 400 and code == "INVALID_ARGUMENT":
            return DataLoss("Google Cloud KMS cannot decrypt what was wrapped.")
        if reply.status in {400, 401, 403, 404}:
            named = code if code.replace("_", "").isalpha() and len(code) < 60 else reply.status
            return KeyRefused(f"Google Cloud KMS refuses it ({named}).")
        return unavailable(urlsplit(self.endpoint).hostname or "", reply)


def _segment(part: bytes) -> str:
    return base64.urlsafe_b64encode(part).rstrip(b"=").decode()
