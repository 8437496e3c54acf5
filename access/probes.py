"""Tokens that let the control plane ask an index's own public host whether it serves.

A token names one index and an instant; it is signed with a key that only the installation's own
processes can derive (`LocalKeyring.derive("probe")`).
"""

import hashlib
import hmac
from collections.abc import Iterable
from uuid import UUID

from kit import clock

SCHEME = "Stonepine-Probe"
_MAX_TOKEN_LENGTH = 160


def mint(key: bytes, index_id: UUID, *, ttl_s: int = 60) -> str:
    """`<index id>.<expiry, unix seconds>.<hex HMAC-SHA-256>`, for the Authorization header."""
    body = f"{index_id}.{int(clock.now().timestamp()) + ttl_s}"
    return f"{body}.{_sign(key, body)}"


def verify(keys: Iterable[bytes], token: str, index_id: UUID) -> bool:
    """Whether the token was minted with one of the keys for that index and has not expired."""
    body, _, signature = token.rpartition(".")
    if len(token) > _MAX_TOKEN_LENGTH or not token.isascii():
        return False
    if not any(hmac.compare_digest(_sign(key, body), signature) for key in keys):
        return False
    # What is signed was written by `mint`: from here on its form is certain.
    named, _, expiry = body.partition(".")
    return named == str(index_id) and int(expiry) > clock.now().timestamp()


def _sign(key: bytes, body: str) -> str:
    return hmac.new(key, body.encode(), hashlib.sha256).hexdigest()
