"""HashiCorp Vault (and OpenBao): a key of the Transit secrets engine."""

import base64
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from keyring.outer.key import KeyRefused
from keyring.outer.wire import Reply, Wire, decoded, unavailable
from kit.errors import DataLoss

_UNREADABLE = ("invalid ciphertext", "message authentication failed", "unable to decrypt")


@dataclass(frozen=True, slots=True)
class VaultKey:
    """`secret` is a token, or the role and secret ids of an AppRole, by the names of `kinds`."""

    wire: Wire
    address: str
    mount: str
    key: str
    namespace: str
    secret: dict[str, str] = field(repr=False)

    def wrap(self, project_id: UUID, inner: bytes) -> bytes:
        told = self._ask("encrypt", project_id, plaintext=base64.b64encode(inner).decode())
        return str(told.get("ciphertext", "")).encode()

    def unwrap(self, project_id: UUID, wrapped: bytes) -> bytes:
        ciphertext = wrapped.decode("ascii", "replace")
        return decoded(self._ask("decrypt", project_id, ciphertext=ciphertext), "plaintext")

    def _ask(self, act: str, project_id: UUID, **body: str) -> dict[str, Any]:
        bound = base64.b64encode(project_id.bytes).decode()
        url = f"{self.address}/v1/{self.mount}/{act}/{self.key}"
        reply = self._post(url, {**body, "associated_data": bound}, token=self._token())
        found = reply.document.get("data")
        if reply.is_success and isinstance(found, dict):
            return found
        raise self._failure(reply)

    def _token(self) -> str:
        """An AppRole's is asked for anew each time: there are a few such requests in an hour."""
        if "token" in self.secret:
            return self.secret["token"]
        reply = self._post(f"{self.address}/v1/auth/approle/login", dict(self.secret))
        found = reply.document.get("auth")
        if reply.is_success and isinstance(found, dict):
            return str(found.get("client_token", ""))
        if reply.status == 400:
            raise KeyRefused("Vault does not know this AppRole.")
        raise self._failure(reply)

    def _post(self, url: str, body: dict[str, str], *, token: str = "") -> Reply:
        headers = {"X-Vault-Request": "true"}
        if token:
            headers["X-Vault-Token"] = token
        if self.namespace:
            headers["X-Vault-Namespace"] = self.namespace
        return self.wire.post_json(url, body, headers)

    def _failure(self, reply: Reply) -> Exception:
        if reply.status == 400 and any(text in str(reply.document) for text in _UNREADABLE):
            return DataLoss("Vault cannot decrypt what was wrapped: it is not of this key.")
        if reply.status in {400, 403, 404}:
            return KeyRefused(f"Vault refuses it ({reply.status}).")
        return unavailable(urlsplit(self.address).hostname or "", reply)
