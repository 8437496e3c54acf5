"""The control run: with a cipher that hides nothing the same scan hits, store by store."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from keyring import envelope, stream
from keyring.envelope import context, seal, unseal
from storage.segments import SegmentReader, write_segment
from tests.secrecy.marks import SparseMark, TextMark, VectorMark
from tests.secrecy.null_cipher import LoudCipher, NullCipher, with_null_cipher
from tests.secrecy.planting import plant
from tests.secrecy.scanner import Hit, Scanner
from tests.secrecy.stores import scan
from tests.storage.test_segments import COLUMNS
from tests.storage.test_segments import KEY as SEGMENT_KEY
from tests.storage.test_segments import NAME as SEGMENT
from tests.support.memory_objects import MemoryObjectStore
from tests.support.stack import Stack, running_stack
from tests.support.wire import control

TEXTS = {
    "utf-8", "utf-16-le", "utf-16-be", "utf-32-le", "hex", "HEX",
    "base64+0", "base64+1", "base64+2",
}  # fmt: skip
FLOATS = {
    "float16-le", "float16-be", "float32-le", "float32-be", "float64-le", "float64-be",
    "float32 base64+0", "float32 base64+1", "float32 base64+2", "float32 hex",
}  # fmt: skip
STREAMS = {("gzip",), ("zstd",), ("lz4",)}
KEY, NAME = bytes(range(32)), context("log", 1)


def sealed_marks() -> tuple[Scanner, bytes]:
    """Marks in one sealed value, and what looks for them."""
    text, vector, sparse = TextMark("text"), VectorMark("vector"), SparseMark("sparse")
    plain = b"\x01" + text.text.encode() + b"{}" + vector.values.tobytes()
    sealed = seal(KEY, plain, context=NAME)
    assert unseal(KEY, sealed, context=NAME) == plain
    patterns = [one for mark in (text, vector, sparse) for one in mark.patterns()]
    return Scanner(patterns), sealed


def test_a_sealed_value_shows_nothing() -> None:
    scanner, sealed = sealed_marks()
    assert list(scanner.scan_bytes("sealed", sealed)) == []


def test_the_same_value_is_found_in_every_encoding_without_a_cipher(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(envelope, "AESGCM", LoudCipher)
    scanner, sealed = sealed_marks()
    found = set(scanner.scan_bytes("sealed", sealed))
    assert encodings(found, "text") >= TEXTS
    assert encodings(found, "vector") >= FLOATS
    assert {hit.through for hit in found} >= STREAMS


@pytest.mark.parametrize("is_sealed", [True, False])
def test_a_segment_shows_its_records_without_a_cipher_alone(
    monkeypatch: pytest.MonkeyPatch, is_sealed: bool
) -> None:
    if not is_sealed:
        monkeypatch.setattr(stream, "AESGCM", NullCipher)
    text, vector, store = TextMark("id"), VectorMark("vector"), MemoryObjectStore()
    vectors = np.tile(vector.values, (3, 1))
    write_segment(store, SEGMENT_KEY, SEGMENT, replace(
        COLUMNS, ids=["a", text.text, "c"], vectors=vectors
    ))  # fmt: skip
    scanner = Scanner([*text.patterns(), *vector.patterns()])
    found = {hit.mark for hit in scanner.scan_bytes("segment", store.get(SEGMENT.path))}
    assert found == (set() if is_sealed else {"id", "vector"})
    if not is_sealed:
        assert SegmentReader(store, SEGMENT_KEY, SEGMENT).read_ids()[1] == text.text


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    """A whole installation whose every process seals with the null cipher."""
    interpreter = with_null_cipher(tmp_path / "environment")
    (tmp_path / "imports").mkdir()
    (tmp_path / "tmp").mkdir()
    settings = {
        "STONEPINE_IMPORT_FOLDERS": str(tmp_path / "imports"),
        "TMPDIR": str(tmp_path / "tmp"),
        "STONEPINE_SEGMENT_THRESHOLD": "500",
    }
    command = (str(interpreter), "-m", "cli.main")
    with running_stack(command=command, start_s=400, **settings) as started:
        yield started


@pytest.mark.nightly
@pytest.mark.stack
@pytest.mark.timeout(1800)
def test_every_store_of_a_running_installation_would_be_found(stack: Stack, tmp_path: Path) -> None:
    with control(stack.api_url, stack.api_key) as api:
        planted = plant(stack, api, tmp_path / "imports", "control", count=600)
    found = set(scan(stack, Scanner(planted.patterns()), tmp_path / "tmp"))

    assert encodings(found, "record id") >= TEXTS
    assert encodings(found, "dense vector") >= FLOATS
    assert {hit.through for hit in found} >= STREAMS
    places = {hit.place.removeprefix(f"{stack.home}/") for hit in found}
    for part in (
        "postgres/base/", "postgres/pg_wal/", "a dump of the database",
        "/segments/", "/log/", "/life/", "objects/backups/",
    ):  # fmt: skip
        assert any(part in place for place in places), (part, sorted(places))
    # Nothing of what was planted is in a manifest: it names segments, and those it shows.
    objects = stack.home / "objects"
    segments = [path.name.encode() for path in objects.glob("indexes/*/*/segments/*")]
    shown = [path.read_bytes() for path in objects.glob("indexes/*/*/manifests/*")]
    assert any(name in content for content in shown for name in segments)
    assert {hit.mark for hit in found} >= {
        "namespace", "metadata key", "metadata value", "imported id", "imported vector",
        "sparse vector indices", "dropped namespace", "field of the schema",
        "secret key of a bucket", "changed metadata", "imported namespace",
        "path of a webhook", "namespace of a key",
    }  # fmt: skip


def encodings(found: set[Hit], mark: str) -> set[str]:
    return {hit.encoding for hit in found if hit.mark == mark}
