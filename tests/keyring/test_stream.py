"""Sealed objects: random access, and every way to tamper with a file of chunks."""

import random

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from keyring.envelope import TAG_BYTES, hkdf
from keyring.stream import (
    CHUNK_BYTES,
    HEADER_BYTES,
    SealedReader,
    seal_stream,
    sealed_size,
    stream_version,
)
from kit.errors import DataLoss

KEY = b"\x07" * 32
HEADER = 33
SEALED_CHUNK = CHUNK_BYTES + TAG_BYTES
SIZES = [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 2 * CHUNK_BYTES, 9 * CHUNK_BYTES + 5]


def sealed(plaintext: bytes, *, piece: int = 700_001, context: bytes = b"here") -> bytes:
    pieces = (plaintext[at : at + piece] for at in range(0, len(plaintext), piece))
    return b"".join(seal_stream(KEY, pieces, context=context))


def opened(content: bytes, *, key: bytes = KEY, context: bytes = b"here") -> SealedReader:
    return SealedReader(
        lambda _: key,
        lambda offset, length: content[offset : offset + length],
        len(content),
        context=context,
    )


def random_bytes(size: int) -> bytes:
    return random.Random(size).randbytes(size)


@pytest.mark.parametrize("size", SIZES)
def test_what_was_sealed_is_read_back_whole(size: int) -> None:
    plaintext = random_bytes(size)
    content = sealed(plaintext)
    reader = opened(content)
    assert len(content) == sealed_size(size)
    assert reader.size == size
    assert reader.read(0, size) == plaintext


def test_any_range_can_be_read() -> None:
    plaintext = random_bytes(9 * CHUNK_BYTES + 5)
    reader = opened(sealed(plaintext))
    choose = random.Random(1)
    edges = [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 8 * CHUNK_BYTES, len(plaintext)]
    for _ in range(60):
        start, end = sorted(choose.choices([*edges, choose.randrange(len(plaintext))], k=2))
        assert reader.read(start, end - start) == plaintext[start:end]
        target = bytearray(end - start)
        reader.read_into(start, memoryview(target))
        assert target == plaintext[start:end]


def test_a_range_beyond_the_end_is_refused() -> None:
    reader = opened(sealed(b"abc"))
    with pytest.raises(ValueError, match="3 bytes"):
        reader.read(1, 3)
    with pytest.raises(ValueError, match="3 bytes"):
        reader.read(-1, 1)


def test_a_range_reads_only_its_own_chunks_from_the_store() -> None:
    content = sealed(random_bytes(20 * CHUNK_BYTES))
    fetched = []

    def read_at(offset: int, length: int) -> bytes:
        fetched.append(length)
        return content[offset : offset + length]

    reader = SealedReader(lambda _: KEY, read_at, len(content), context=b"here")
    fetched.clear()
    reader.read(5 * CHUNK_BYTES + 3, 10)
    assert fetched == [SEALED_CHUNK]


@pytest.mark.parametrize("at", [0, 5, HEADER, HEADER + 9, HEADER + SEALED_CHUNK - 1, -1])
def test_a_flipped_bit_is_noticed(at: int) -> None:
    plaintext = random_bytes(CHUNK_BYTES + 100)
    content = bytearray(sealed(plaintext))
    content[at] ^= 0x10
    with pytest.raises(DataLoss):
        opened(bytes(content)).read(0, len(plaintext))


def test_every_truncation_is_noticed_at_opening() -> None:
    content = sealed(random_bytes(2 * CHUNK_BYTES + 100))
    cuts = [*range(HEADER + 40), HEADER + SEALED_CHUNK, HEADER + 2 * SEALED_CHUNK]
    cuts += [HEADER + 2 * SEALED_CHUNK + more for more in (1, 16, 17, 115)]
    for length in cuts:
        with pytest.raises(DataLoss):
            opened(content[:length])


def test_an_extension_is_noticed_at_opening() -> None:
    content = sealed(random_bytes(CHUNK_BYTES))
    for more in (b"\0", bytes(TAG_BYTES), content[HEADER:]):
        with pytest.raises(DataLoss):
            opened(content + more)


def test_swapped_chunks_are_noticed() -> None:
    content = sealed(random_bytes(3 * CHUNK_BYTES))
    first, second = HEADER, HEADER + SEALED_CHUNK
    swapped = (
        content[:first]
        + content[second : second + SEALED_CHUNK]
        + content[first:second]
        + content[second + SEALED_CHUNK :]
    )
    reader = opened(swapped)
    with pytest.raises(DataLoss):
        reader.read(0, 1)
    with pytest.raises(DataLoss):
        reader.read(CHUNK_BYTES, 1)


def test_a_chunk_of_another_object_is_noticed() -> None:
    plaintext = random_bytes(2 * CHUNK_BYTES)
    content, other = sealed(plaintext), sealed(plaintext)
    mixed = content[: HEADER + SEALED_CHUNK] + other[HEADER + SEALED_CHUNK :]
    with pytest.raises(DataLoss):
        opened(mixed)


def test_another_context_or_key_opens_nothing() -> None:
    content = sealed(b"secret")
    with pytest.raises(DataLoss):
        opened(content, context=b"there")
    with pytest.raises(DataLoss):
        opened(content, key=b"\x08" * 32)


def test_a_store_that_answers_short_is_noticed() -> None:
    content = sealed(random_bytes(CHUNK_BYTES + 1))
    reader = SealedReader(
        lambda _: KEY,
        lambda offset, length: content[offset : offset + min(length, CHUNK_BYTES)],
        len(content),
        context=b"here",
    )
    with pytest.raises(DataLoss):
        reader.read(0, 10)


def test_a_failed_read_leaves_nothing_unauthenticated_behind() -> None:
    content = bytearray(sealed(b"x" * CHUNK_BYTES + b"y"))
    content[HEADER + 500] ^= 1
    target = bytearray(CHUNK_BYTES)
    with pytest.raises(DataLoss):
        opened(bytes(content)).read_into(0, memoryview(target))
    assert target == bytes(CHUNK_BYTES)


def test_the_header_names_the_version_of_the_key_and_nobody_may_change_it() -> None:
    content = b"".join(seal_stream(KEY, [b"abc"], context=b"here", version=7))
    asked: list[int] = []

    def key_of(version: int) -> bytes:
        asked.append(version)
        return KEY

    reader = SealedReader(
        key_of, lambda at, length: content[at : at + length], len(content), context=b"here"
    )
    assert reader.read(0, 3) == b"abc"
    assert asked == [stream_version(content[:HEADER_BYTES])] == [7]
    relabelled = content[:4] + b"\x08" + content[5:]
    with pytest.raises(DataLoss):
        opened(relabelled)


def test_objects_of_the_first_form_are_of_version_1() -> None:
    salt = bytes(range(32))
    chunk = AESGCM(hkdf(KEY, b"stonepine stream 1here", salt=salt)).encrypt(
        bytes(11) + b"\x01", b"abc", None
    )
    content = b"\x01" + salt + chunk
    assert stream_version(content[:HEADER_BYTES]) == 1
    assert opened(content).read(0, 3) == b"abc"


def test_an_object_that_is_sealed_anew_while_it_is_read_is_read_on() -> None:
    plaintext = random_bytes(3 * CHUNK_BYTES)
    stored = [sealed(plaintext)]
    reader = SealedReader(
        lambda _: KEY,
        lambda at, length: stored[0][at : at + length],
        len(stored[0]),
        context=b"here",
    )
    assert reader.read(0, 10) == plaintext[:10]
    stored[0] = sealed(plaintext)
    assert reader.read(0, len(plaintext)) == plaintext
    stored[0] = sealed(random_bytes(3 * CHUNK_BYTES + 1), context=b"elsewhere")
    with pytest.raises(DataLoss):
        reader.read(0, 10)
