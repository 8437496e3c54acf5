"""The scanner finds what is planted in every encoding: so its silence means something."""

import base64
import gzip
import os
import random
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from tests.secrecy.marks import Pattern, SparseMark, TextMark, VectorMark, direction
from tests.secrecy.scanner import Hit, Scanner

# The same in every test process, which all have to name the same tests.
_CHANCE = np.random.default_rng(1)
TEXT = TextMark("word", "cn0q8w7e6r5t4z3u2i1o")
VECTOR = VectorMark("vector", direction(chance=_CHANCE))
SPARSE = SparseMark("sparse", list(range(1 << 24, 1 << 28, 1 << 24)), direction(12, chance=_CHANCE))
PATTERNS = [pattern for mark in (TEXT, VECTOR, SPARSE) for pattern in mark.patterns()]


def packed(codec: str) -> Callable[[bytes], bytes]:
    def pack(plain: bytes) -> bytes:
        sink = pa.BufferOutputStream()
        with pa.CompressedOutputStream(sink, codec) as stream:
            stream.write(plain)
        return sink.getvalue().to_pybytes()

    return pack


COMPRESSIONS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress, "zlib": zlib.compress, "zstd": packed("zstd"), "lz4": packed("lz4"),
}  # fmt: skip


def hits(content: bytes) -> set[Hit]:
    return set(Scanner(PATTERNS).scan_bytes("here", content))


@pytest.mark.parametrize("pattern", PATTERNS, ids=lambda p: f"{p.mark} {p.encoding}")
def test_each_encoding_is_found_at_any_offset(pattern: Pattern) -> None:
    noise = os.urandom(5_000)
    at = random.randrange(5_000)
    found = hits(noise[:at] + pattern.content + noise[at:])
    assert (pattern.mark, pattern.content) in {
        (hit.mark, one.content)
        for hit in found
        for one in PATTERNS
        if (one.mark, one.encoding) == (hit.mark, hit.encoding)
    }


@pytest.mark.parametrize("offset", range(6))
def test_base64_and_hex_of_what_stands_amid_other_bytes(offset: int) -> None:
    content = os.urandom(offset) + TEXT.text.encode() + os.urandom(7)
    for letters in (
        base64.b64encode(content),
        base64.urlsafe_b64encode(content),
        content.hex().encode(),
    ):
        assert {hit.mark for hit in hits(b"<" + letters + b">")} == {"word"}


@pytest.mark.parametrize(
    "code", ["<f2", ">f2", "<f4", ">f4", "<f8", ">f8"]
)  # fmt: skip
def test_vectors_of_each_width_and_order(code: str) -> None:
    row = os.urandom(3) + VECTOR.values.astype(code).tobytes()
    assert {hit.mark for hit in hits(row)} == {"vector"}


@pytest.mark.parametrize("kind", COMPRESSIONS)
def test_compressed_streams_are_looked_into_wherever_they_lie(kind: str) -> None:
    plain = b"an old page " * 50 + TEXT.text.encode() + VECTOR.values.tobytes()
    found = hits(os.urandom(1_001) + COMPRESSIONS[kind](plain) + os.urandom(99))
    through = {(hit.mark, hit.through) for hit in found}
    assert through >= {("word", (kind,)), ("vector", (kind,))}


def test_a_stream_within_a_stream_and_one_without_its_end() -> None:
    plain = os.urandom(20_000) + TEXT.text.encode() + os.urandom(20_000)
    twice = COMPRESSIONS["zstd"](COMPRESSIONS["gzip"](plain))
    assert ("zstd", "gzip") in {hit.through for hit in hits(twice)}
    assert hits(gzip.compress(plain)[:-9_000])


def test_what_lies_across_the_ends_of_blocks_is_found() -> None:
    for before in range(8 << 20, (8 << 20) - len(TEXT.text) - 2, -5):
        assert hits(bytes(before) + TEXT.text.encode())


def test_nothing_is_found_where_nothing_is() -> None:
    others = [TextMark("word"), VectorMark("vector"), SparseMark("sparse")]
    foreign = b"".join(p.content for mark in others for p in mark.patterns())
    assert hits(foreign + os.urandom(2 << 20) + bytes(1 << 20)) == set()
    assert hits(np.random.default_rng(1).normal(size=100_000).astype(np.float32).tobytes()) == set()


def test_files_are_scanned_with_their_names(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "plain").write_bytes(b"-" + TEXT.text.encode())
    (tmp_path / TEXT.text).write_bytes(b"")
    (tmp_path / "pipe").symlink_to("/dev/zero")
    found = {hit.place for hit in Scanner(PATTERNS).scan_tree(tmp_path)}
    assert found == {str(tmp_path / "deep" / "plain"), f"{tmp_path / TEXT.text} (its name)"}
