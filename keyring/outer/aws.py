"""AWS KMS: a symmetric key, named by its ARN, in the customer's own account."""

import base64
import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit
from uuid import UUID

from keyring.outer.key import KeyRefused
from keyring.outer.sigv4 import AwsCredentials, Signer
from keyring.outer.wire import Reply, Wire, decoded, unavailable
from kit import clock
from kit.errors import DataLoss

_JSON = "application/x-amz-json-1.1"
_FORM = "application/x-www-form-urlencoded"
_UNREADABLE = {"InvalidCiphertextException", "IncorrectKeyException"}
_PASSING = {"DependencyTimeoutException", "KeyUnavailableException", "KMSInternalException"}
_SESSION = "stonepine"


@dataclass(frozen=True, slots=True)
class AssumedRole:
    """A role to take on first, as customers give them to those they let in."""

    endpoint: str
    arn: str
    external_id: str


@dataclass(frozen=True, slots=True)
class AwsKey:
    wire: Wire
    endpoint: str
    region: str
    key: str
    credentials: AwsCredentials = field(repr=False)
    role: AssumedRole | None = None

    def wrap(self, project_id: UUID, inner: bytes) -> bytes:
        told = self._ask("Encrypt", project_id, Plaintext=base64.b64encode(inner).decode())
        return decoded(told, "CiphertextBlob")

    def unwrap(self, project_id: UUID, wrapped: bytes) -> bytes:
        blob = base64.b64encode(wrapped).decode()
        told = self._ask("Decrypt", project_id, CiphertextBlob=blob)
        return decoded(told, "Plaintext")

    def _ask(self, act: str, project_id: UUID, **asked: str) -> dict[str, Any]:
        # The context stands in the customer's CloudTrail, and in key policies if they like.
        context = {"stonepine:project": str(project_id)}
        body = json.dumps({"KeyId": self.key, "EncryptionContext": context, **asked}).encode()
        headers = {"Content-Type": _JSON, "X-Amz-Target": f"TrentService.{act}"}
        signer = Signer(self._credentials(), self.region, "kms")
        url = f"{self.endpoint}/"
        reply = self.wire.post(url, body, signer.sign(url, headers, body, clock.now()))
        if reply.is_success:
            return reply.document
        raise self._failure(reply, str(reply.document.get("__type", "")).rpartition("#")[2])

    def _credentials(self) -> AwsCredentials:
        """Those of the role, where there is one, for this request alone."""
        if self.role is None:
            return self.credentials
        asked = {
            "Action": "AssumeRole", "Version": "2011-06-15", "RoleArn": self.role.arn,
            "RoleSessionName": _SESSION, "DurationSeconds": "900",
        }  # fmt: skip
        if self.role.external_id:
            asked["ExternalId"] = self.role.external_id
        body = urlencode(asked).encode()
        headers = {"Content-Type": _FORM, "Accept": "application/json"}
        signer = Signer(self.credentials, self.region, "sts")
        url = f"{self.role.endpoint}/"
        reply = self.wire.post(url, body, signer.sign(url, headers, body, clock.now()))
        if not reply.is_success:
            code = reply.document.get("Error", {})
            raise self._failure(reply, str(code.get("Code", "")) if isinstance(code, dict) else "")
        return _assumed(reply)

    def _failure(self, reply: Reply, code: str) -> Exception:
        if code in _UNREADABLE:
            return DataLoss("AWS KMS cannot decrypt what was wrapped: it is not of this key.")
        if 400 <= reply.status < 500 and code not in _PASSING and "Throttl" not in code:
            named = code if code.isalnum() and len(code) < 60 else reply.status
            return KeyRefused(f"AWS refuses it ({named}).")
        return unavailable(urlsplit(self.endpoint).hostname or "", reply)


def _assumed(reply: Reply) -> AwsCredentials:
    try:
        found = reply.document["AssumeRoleResponse"]["AssumeRoleResult"]["Credentials"]
        return AwsCredentials(found["AccessKeyId"], found["SecretAccessKey"], found["SessionToken"])
    except (KeyError, TypeError):
        raise KeyRefused("AWS gave no credentials for the role.") from None
