"""API keys and other bearer secrets: their form, their checksum and the digest that is stored.

    pcsk_<public id>_<secret><checksum>

The public id finds the row, the checksum (CRC-32 in base 62) refuses typing errors and random
strings before any look-up, and only an HMAC-SHA-256 of the whole key under a pepper is stored.
"""

import hashlib
import hmac
import re
import zlib
from dataclasses import dataclass
from enum import StrEnum

from kit.ids import BASE62, random_base62

_PUBLIC_LENGTH = 8
_SECRET_LENGTH = 40  # 238 bits
_CHECKSUM_LENGTH = 6
_MAX_KEY_LENGTH = 128


class SecretKind(StrEnum):
    """The prefix tells people and secret scanners what a leaked string opens."""

    ACCESS_TOKEN = "spat"  # noqa: S105 - a prefix
    API_KEY = "pcsk"
    INVITATION = "spinv"
    SCIM = "spscim"
    SERVICE_ACCOUNT = "spsa"
    SETUP = "spset"


@dataclass(frozen=True, slots=True)
class PlainKey:
    """A whole secret, in memory only. `repr` never shows it."""

    kind: SecretKind
    public_id: str
    value: str

    def __repr__(self) -> str:
        return f"PlainKey({self.kind}_{self.public_id}_…)"


def mint(kind: SecretKind) -> PlainKey:
    """A fresh secret of that kind."""
    public_id = random_base62(_PUBLIC_LENGTH)
    body = f"{kind}_{public_id}_{random_base62(_SECRET_LENGTH)}"
    return PlainKey(kind=kind, public_id=public_id, value=body + _checksum(body))


_FORM = re.compile(
    rf"^(?P<kind>{'|'.join(SecretKind)})_(?P<public_id>[0-9A-Za-z]{{{_PUBLIC_LENGTH}}})"
    rf"_[0-9A-Za-z]{{{_SECRET_LENGTH + _CHECKSUM_LENGTH}}}$"
)


def parse(value: str) -> PlainKey | None:
    """The key, or None where the string cannot be one: no look-up is needed to refuse it."""
    if len(value) > _MAX_KEY_LENGTH:
        return None
    form = _FORM.match(value)
    if form is None or _checksum(value[:-_CHECKSUM_LENGTH]) != value[-_CHECKSUM_LENGTH:]:
        return None
    return PlainKey(SecretKind(form["kind"]), form["public_id"], value)


def digest(key: PlainKey, pepper: bytes) -> bytes:
    """The 32 bytes that are stored in place of the key."""
    return hmac.new(pepper, key.value.encode(), hashlib.sha256).digest()


def matches(key: PlainKey, pepper: bytes, stored: bytes) -> bool:
    """Whether the key is the one that was stored, compared in constant time."""
    return hmac.compare_digest(digest(key, pepper), stored)


def _checksum(body: str) -> str:
    number = zlib.crc32(body.encode())
    letters = ""
    for _ in range(_CHECKSUM_LENGTH):
        number, rest = divmod(number, 62)
        letters = BASE62[rest] + letters
    return letters
