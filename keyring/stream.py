"""Sealed objects that are written once as a stream and read at random.

STREAM (Hoang, Reyhanitabar, Rogaway, Vizár 2015) in the form that age made common: a random salt
gives the object its own key by HKDF, into which the context goes too; chunk n of 1 MiB is sealed
by AES-256-GCM with the nonce n ‖ is_last. So chunks cannot be changed, swapped, dropped or taken
from another object, and an object cannot end before its end.

    object = form (1 byte) ‖ version of the key (4) ‖ salt (28) ‖ chunk ‖ chunk …
    chunk = ciphertext (1 MiB, the last may be shorter) ‖ tag (16)

The version stands before the salt and is bound like it. In the first form all 32 bytes are salt and
the version is 1.
"""

import secrets
import struct
from collections.abc import Callable, Iterable, Iterator
from functools import partial

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from keyring.envelope import TAG_BYTES, Bytes, hkdf
from kit.errors import DataLoss

CHUNK_BYTES = 1 << 20
_FIRST_FORM, _FORM = b"\x01", b"\x02"
_VERSION = struct.Struct(">I")
_SALT_BYTES = 28
HEADER_BYTES = len(_FORM) + _VERSION.size + _SALT_BYTES
_SEALED_CHUNK_BYTES = CHUNK_BYTES + TAG_BYTES
_PURPOSE = b"stonepine stream 1"
# One request to the store fetches at most this many chunks.
_CHUNKS_A_FETCH = 8


def seal_stream(
    key: bytes, data: Iterable[Bytes], *, context: bytes, version: int = 1
) -> Iterator[bytes]:
    """The sealed object of the concatenated `data`, piece by piece; pieces may have any size.

    `version` says which version of the key it is.
    """
    salt = _VERSION.pack(version) + secrets.token_bytes(_SALT_BYTES)
    cipher = _object_cipher(key, salt, context)
    yield _FORM + salt
    number = 0
    pending = bytearray()
    for piece in data:
        pending += piece
        # More than a whole chunk: so that what is left at the end is never an extra empty one.
        while len(pending) > CHUNK_BYTES:
            yield cipher.encrypt(_nonce(number, is_last=False), pending[:CHUNK_BYTES], None)
            del pending[:CHUNK_BYTES]
            number += 1
    yield cipher.encrypt(_nonce(number, is_last=True), pending, None)


def stream_version(header: bytes) -> int:
    """Under which version of its key an object with those first `HEADER_BYTES` is sealed."""
    if len(header) == HEADER_BYTES and header[:1] == _FORM:
        return int(_VERSION.unpack_from(header, len(_FORM))[0])
    if len(header) == HEADER_BYTES and header[:1] == _FIRST_FORM:
        return 1
    raise DataLoss("A sealed object has an unknown form.")


def sealed_size(size: int) -> int:
    """How many bytes the sealed object of `size` bytes has."""
    return HEADER_BYTES + size + TAG_BYTES * max(1, -(-size // CHUNK_BYTES))


class SealedReader:
    """Random access to a sealed object; every byte it hands out was authenticated.

    `read_at(offset, length)` reads the sealed object, whose size is `sealed_size`, and `key_of` a
    version gives its key. Opening verifies the last chunk, so `size` is authentic. An object may be
    sealed anew while it is read: it holds the same, and is read on. Raises `DataLoss` for whatever
    is not as it was sealed.
    """

    def __init__(
        self,
        key_of: Callable[[int], bytes],
        read_at: Callable[[int, int], bytes],
        sealed_size: int,
        *,
        context: bytes,
    ) -> None:
        body = sealed_size - HEADER_BYTES
        chunks = -(-body // _SEALED_CHUNK_BYTES)
        self.size = body - chunks * TAG_BYTES
        if chunks < 1 or self.size < 0 or (chunks > 1 and self.size <= (chunks - 1) * CHUNK_BYTES):
            raise DataLoss("A sealed object is cut off.")
        self._key_of, self._read_at, self._context = key_of, read_at, context
        self._last = chunks - 1
        self._header = b""
        self._open()
        self._again(lambda: self._chunk(self._last, self._fetch(self._last, self._last)))

    def read(self, offset: int, length: int) -> bytes:
        """Exactly these bytes of the plaintext; a range beyond `size` is a `ValueError`."""
        buffer = bytearray(length)
        self.read_into(offset, memoryview(buffer))
        return bytes(buffer)

    def read_into(self, offset: int, target: memoryview) -> None:
        """Fill the writable `target` with the plaintext from `offset` on."""
        target = target.cast("B")
        end = offset + len(target)
        if offset < 0 or end > self.size:
            raise ValueError(f"bytes {offset} to {end} of an object of {self.size} bytes")
        if offset == end:
            return
        last = (end - 1) // CHUNK_BYTES
        for first in range(offset // CHUNK_BYTES, last + 1, _CHUNKS_A_FETCH):
            stop = min(first + _CHUNKS_A_FETCH - 1, last)
            self._again(partial(self._take, first, stop, offset, target))

    def _open(self) -> bool:
        """Whether the object begins otherwise than it did."""
        before, self._header = self._header, self._read_at(0, HEADER_BYTES)
        key = self._key_of(stream_version(self._header))
        self._cipher = _object_cipher(key, self._header[len(_FORM) :], self._context)
        return self._header != before

    def _again(self, act: Callable[[], object]) -> None:
        """Do it, once more where it failed because the object was sealed anew in between."""
        try:
            act()
        except DataLoss:
            if not self._open():
                raise
            act()

    def _take(self, first: int, stop: int, offset: int, target: memoryview) -> None:
        sealed = self._fetch(first, stop)
        for number in range(first, stop + 1):
            start = (number - first) * _SEALED_CHUNK_BYTES
            chunk = sealed[start : start + _SEALED_CHUNK_BYTES]
            self._place(number, chunk, offset, target)

    def _place(self, number: int, sealed: memoryview, offset: int, target: memoryview) -> None:
        chunk_start = number * CHUNK_BYTES
        chunk_end = chunk_start + len(sealed) - TAG_BYTES
        start, end = max(offset, chunk_start), min(offset + len(target), chunk_end)
        into = target[start - offset : end - offset]
        if len(into) == len(sealed) - TAG_BYTES:
            self._decrypt(number, sealed, into)
        else:
            into[:] = self._chunk(number, sealed)[start - chunk_start : end - chunk_start]

    def _chunk(self, number: int, sealed: memoryview) -> bytearray:
        plaintext = bytearray(len(sealed) - TAG_BYTES)
        self._decrypt(number, sealed, memoryview(plaintext))
        return plaintext

    def _decrypt(self, number: int, sealed: memoryview, into: memoryview) -> None:
        nonce = _nonce(number, is_last=number == self._last)
        try:
            self._cipher.decrypt_into(nonce, sealed, None, into)
        except InvalidTag:
            into[:] = bytes(len(into))
            raise DataLoss(f"Chunk {number} of a sealed object does not authenticate.") from None

    def _fetch(self, first: int, last: int) -> memoryview:
        start = HEADER_BYTES + first * _SEALED_CHUNK_BYTES
        end = HEADER_BYTES + (last + 1) * _SEALED_CHUNK_BYTES
        if last == self._last:
            end = HEADER_BYTES + self.size + (self._last + 1) * TAG_BYTES
        sealed = self._read_at(start, end - start)
        if len(sealed) != end - start:
            raise DataLoss("A sealed object is shorter than it was.")
        return memoryview(sealed)


def _object_cipher(key: bytes, salt: bytes, context: bytes) -> AESGCM:
    return AESGCM(hkdf(key, _PURPOSE + context, salt=salt))


def _nonce(number: int, *, is_last: bool) -> bytes:
    return number.to_bytes(11, "big") + (b"\x01" if is_last else b"\x00")
