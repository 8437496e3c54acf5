"""Sealing bytes under a data key: key derivation, associated data and the envelope itself.

XAES-256-GCM as the C2SP specification defines it: from a 256-bit key and the first half of a
192-bit random nonce a one-time AES-256-GCM key is derived by CMAC (NIST SP 800-108), and the
second half is GCM's nonce. So random nonces are safe for any number of messages under one key.
"""

import secrets
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.ciphers.modes import ECB
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from kit.errors import DataLoss

Part: TypeAlias = UUID | str | int | bytes
Bytes: TypeAlias = bytes | bytearray | memoryview

KEY_BYTES = 32
NONCE_BYTES = 24
TAG_BYTES = 16
_FORM = b"\x01"  # XAES-256-GCM; the only one so far
OVERHEAD_BYTES = len(_FORM) + NONCE_BYTES + TAG_BYTES

_PART = struct.Struct(">cI")
_GCM_NONCE_OFFSET = 12
_BLOCK_BITS = 128
_REDUCTION = 0b10000111  # of CMAC's doubling, NIST SP 800-38B


def context(*parts: Part) -> bytes:
    """Associated data of these parts: each with its kind and length, so no two lists are alike."""
    encoded = []
    for part in parts:
        kind, body = _encode_part(part)
        encoded.append(_PART.pack(kind, len(body)) + body)
    return b"".join(encoded)


def _encode_part(part: Part) -> tuple[bytes, bytes]:
    if isinstance(part, UUID):
        return b"u", part.bytes
    if isinstance(part, str):
        return b"s", part.encode()
    if isinstance(part, int):
        return b"i", part.to_bytes(8, "big", signed=True)
    return b"b", part


def hkdf(key: bytes, info: bytes, *, salt: bytes | None = None) -> bytes:
    """32 bytes by HKDF-SHA256 (RFC 5869)."""
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=salt, info=info).derive(key)


def _no_other(_version: int) -> None:
    return None


@dataclass(frozen=True, slots=True)
class DataKey:
    """A project's data key, in memory only. `repr` never shows the secret.

    `seal` and its kin take what `derive` gives, never the secret itself: one key per purpose
    and object, for example `key.derive("segment", index_id, namespace_id, segment_id)`.
    What is sealed is sealed under the newest version; `find` gives the others, which only open.
    """

    project_id: UUID
    version: int
    secret: bytes = field(repr=False)
    # Raises once its provider does not let us have it any more: see `KeyProvider.guard`.
    guard: Callable[[], None] | None = field(default=None, repr=False, compare=False)
    find: "Callable[[int], DataKey | None]" = field(default=_no_other, repr=False, compare=False)

    def at(self, version: int) -> "DataKey":
        """The project's key of that version. Raises `DataLoss` where it is there no longer."""
        found = self if version == self.version else self.find(version)
        if found is None:
            raise DataLoss(f"Version {version} of the key of project {self.project_id} is gone.")
        return found

    def derive(self, purpose: str, *parts: UUID | str | int) -> bytes:
        """32 bytes for that purpose and those parts, bound to the project and key version."""
        if self.guard is not None:
            self.guard()
        return hkdf(self.secret, context(self.project_id, self.version, purpose, *parts))


def seal(key: bytes, plaintext: Bytes, *, context: bytes) -> bytes:
    """`plaintext` under the 32-byte `key`; only the same `context` opens it again."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    return b"".join((_FORM, nonce, encrypt(key, nonce, plaintext, context)))


def unseal(key: bytes, sealed: Bytes, *, context: bytes) -> bytes:
    """The plaintext. Raises `DataLoss` where key, context or a single bit is another."""
    view = memoryview(sealed)
    if len(view) < OVERHEAD_BYTES or bytes(view[:1]) != _FORM:
        raise DataLoss("Sealed bytes are cut off or have an unknown form.")
    nonce, body = bytes(view[1 : 1 + NONCE_BYTES]), view[1 + NONCE_BYTES :]
    try:
        return AESGCM(_one_time_key(key, nonce)).decrypt(nonce[_GCM_NONCE_OFFSET:], body, context)
    except InvalidTag:
        raise DataLoss("Sealed bytes do not authenticate: they were changed or moved.") from None


def encrypt(key: bytes, nonce: bytes, plaintext: Bytes, context: bytes) -> bytes:
    """XAES-256-GCM itself: ciphertext and tag. A nonce must never serve twice."""
    cipher = AESGCM(_one_time_key(key, nonce))
    return cipher.encrypt(nonce[_GCM_NONCE_OFFSET:], plaintext, context)


def _one_time_key(key: bytes, nonce: bytes) -> bytes:
    if len(key) != KEY_BYTES:
        raise ValueError(f"a sealing key is {KEY_BYTES} bytes")
    cipher = Cipher(AES256(key), ECB()).encryptor()  # noqa: S305 - the single blocks of a CMAC
    doubled = int.from_bytes(cipher.update(bytes(16)), "big") << 1
    if doubled >> _BLOCK_BITS:
        doubled = doubled & ((1 << _BLOCK_BITS) - 1) ^ _REDUCTION
    head = nonce[:_GCM_NONCE_OFFSET]
    messages = (b"\x00\x01X\x00" + head, b"\x00\x02X\x00" + head)
    masked = (int.from_bytes(message, "big") ^ doubled for message in messages)
    return cipher.update(b"".join(block.to_bytes(16, "big") for block in masked))
