"""Signing as Standard Webhooks says (https://www.standardwebhooks.com): who sent it, and when.

The signature is the base64 of HMAC-SHA256 over `<id>.<seconds>.<body>`; while two secrets are good
there is one of each, separated by a space.
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from uuid import UUID

_PREFIX = "whsec_"
_SECRET_BYTES = 32


def new_secret() -> str:
    """256 random bits, as receivers' libraries take them."""
    return _PREFIX + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def message_name(message_id: UUID) -> str:
    return f"msg_{message_id.hex}"


def signed_headers(
    held: Sequence[str], *, message_id: UUID, sent_at_s: int, body: bytes
) -> dict[str, str]:
    """The three headers, signed with each of the secrets held."""
    name = message_name(message_id)
    content = f"{name}.{sent_at_s}.".encode() + body
    return {
        "Webhook-Id": name,
        "Webhook-Timestamp": str(sent_at_s),
        "Webhook-Signature": " ".join(f"v1,{_signature(one, content)}" for one in held),
    }


def _signature(secret: str, content: bytes) -> str:
    key = base64.b64decode(secret.removeprefix(_PREFIX))
    return base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
