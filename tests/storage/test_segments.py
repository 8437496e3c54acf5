"""Segment files: what is written is read, and what does not fit is a clean loss."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import msgspec
import numpy as np
import pytest

from keyring.envelope import DataKey
from keyring.stream import seal_stream
from kit.errors import AlreadyExists, DataLoss
from kit.ids import new_id
from storage.segments import SegmentColumns, SegmentName, SegmentReader, write_segment
from tests.support.memory_objects import MemoryObjectStore

KEY = DataKey(new_id(), 1, b"an unremarkable 32 bytes secret.")
NAME = SegmentName(new_id(), new_id(), new_id())
MAGIC = b"SPSEG\x00\x00\x01"

COLUMNS = SegmentColumns(
    ids=["a", "b", "ö"],
    vectors=np.arange(6, dtype=np.float32).reshape(3, 2),
    norms=np.array([1, 2, 3], np.float32),
    metadata=[b'{"x":1}', None, b"{}"],
    sparse_ends=np.array([1, 1, 3], np.int64),
    sparse_indices=np.array([7, 0, 2**32 - 1], np.uint32),
    sparse_values=np.array([0.5, 1, -1], np.float32),
    posting_terms=np.array([0, 7, 2**32 - 1], np.uint32),
    posting_ends=np.array([1, 2, 3], np.int64),
    posting_rows=np.array([2, 0, 2], np.uint32),
    posting_values=np.array([1, 0.5, -1], np.float32),
    field_index=b"an index",
    graph=b"",
)


def written(columns: SegmentColumns) -> SegmentReader:
    store = MemoryObjectStore()
    write_segment(store, KEY, NAME, columns)
    return SegmentReader(store, KEY, NAME)


def test_every_section_is_read_as_it_was_written() -> None:
    reader = written(COLUMNS)
    assert (reader.record_count, reader.dimension, reader.has_graph) == (3, 2, False)
    assert reader.read_ids() == COLUMNS.ids
    assert np.array_equal(reader.read_vectors(), COLUMNS.vectors)
    assert np.array_equal(reader.read_norms(), COLUMNS.norms)
    ends, blob = reader.read_metadata()
    assert (ends.tolist(), blob) == ([7, 7, 9], b'{"x":1}{}')
    for column, expected in zip(
        reader.read_sparse(),
        (COLUMNS.sparse_ends, COLUMNS.sparse_indices, COLUMNS.sparse_values),
        strict=True,
    ):
        assert np.array_equal(column, expected)
    for column, expected in zip(
        reader.read_postings(),
        (COLUMNS.posting_terms, COLUMNS.posting_ends, COLUMNS.posting_rows, COLUMNS.posting_values),
        strict=True,
    ):
        assert np.array_equal(column, expected)
    assert reader.read_field_index() == b"an index"
    assert written(replace(COLUMNS, graph=b"a graph")).view_graph() == b"a graph"


def test_a_segment_of_sparse_records_has_no_dense_values() -> None:
    reader = written(replace(COLUMNS, vectors=np.empty((3, 0), np.float32)))
    assert reader.read_vectors().shape == (3, 0)


@pytest.mark.parametrize(
    "changes",
    [
        {"posting_rows": np.array([2, 0, 3], np.uint32)},
        {"posting_ends": np.array([1, 0, 3], np.int64)},
        {"posting_ends": np.array([1, 2, 2], np.int64)},
        {"posting_values": np.array([1], np.float32)},
    ],
)
def test_postings_that_do_not_fit_are_data_loss(changes: dict[str, np.ndarray]) -> None:
    with pytest.raises(DataLoss):
        written(replace(COLUMNS, **changes)).read_postings()


def test_a_segment_is_never_written_over() -> None:
    store = MemoryObjectStore()
    write_segment(store, KEY, NAME, COLUMNS)
    with pytest.raises(AlreadyExists):
        write_segment(store, KEY, NAME, COLUMNS)


def test_ids_touch_no_other_section() -> None:
    # Large vectors: a chunk of them is broken, the ids before them can still be read.
    rows = 20_000
    large = replace(
        COLUMNS,
        ids=[str(row) for row in range(rows)],
        vectors=np.ones((rows, 50), np.float32),
        norms=np.ones(rows, np.float32),
        metadata=[None] * rows,
        sparse_ends=np.full(rows, 3, np.int64),
    )
    store = MemoryObjectStore()
    write_segment(store, KEY, NAME, large)
    broken = bytearray(store.objects[NAME.path])
    broken[2_500_000] ^= 1
    store.objects[NAME.path] = bytes(broken)
    reader = SegmentReader(store, KEY, NAME)
    assert len(reader.read_ids()) == rows
    with pytest.raises(DataLoss):
        reader.read_vectors()


def test_another_name_or_key_does_not_open_it() -> None:
    store = MemoryObjectStore()
    write_segment(store, KEY, NAME, COLUMNS)
    other = replace(NAME, namespace_id=new_id())
    store.objects[other.path] = store.objects[NAME.path]
    with pytest.raises(DataLoss):
        SegmentReader(store, KEY, other)
    with pytest.raises(DataLoss):
        SegmentReader(store, DataKey(KEY.project_id, 1, bytes(31) + b"1"), NAME)


@pytest.mark.parametrize("flip", [0, 40, 200, -1])
def test_a_flipped_bit_is_a_loss(flip: int) -> None:
    store = MemoryObjectStore()
    write_segment(store, KEY, NAME, COLUMNS)
    broken = bytearray(store.objects[NAME.path])
    broken[flip] ^= 1
    store.objects[NAME.path] = bytes(broken)
    with pytest.raises(DataLoss):
        SegmentReader(store, KEY, NAME)


def forged(content: bytes) -> SegmentReader:
    """A file that authenticates, whatever is in it."""
    store = MemoryObjectStore()
    secret = NAME.sealing_key(KEY)
    store.put(NAME.path, seal_stream(secret, [content], context=NAME.context))
    return SegmentReader(store, KEY, NAME)


def with_header(header: Any, body: bytes) -> bytes:
    packed = msgspec.msgpack.encode(header)
    return MAGIC + len(packed).to_bytes(4, "little") + packed + body


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"SPSEG",
        b"another form of file",
        MAGIC + (2**31).to_bytes(4, "little") + b"x",
        MAGIC + (3).to_bytes(4, "little") + b"\xc1\xc1\xc1",
        with_header([1, 1, {"ids": 5}], b"four"),
        with_header([1, 1, {"ids": 3}], b"four"),
        with_header([1, 1, {"ids": 8, "vectors": -4}], b"four"),
        with_header([-1, 1, {}], b""),
    ],
)
def test_a_malformed_header_is_a_loss(content: bytes) -> None:
    with pytest.raises(DataLoss, match="malformed"):
        forged(content)


@pytest.mark.parametrize(
    ("sections", "read"),
    [
        ({}, SegmentReader.read_ids),
        ({"ids": b"\xc1"}, SegmentReader.read_ids),
        ({"ids": msgspec.msgpack.encode(["a"])}, SegmentReader.read_ids),
        ({"ids": msgspec.msgpack.encode([1, 2])}, SegmentReader.read_ids),
        ({"vectors": bytes(12)}, SegmentReader.read_vectors),
        ({"norms": bytes(12)}, SegmentReader.read_norms),
        ({"metadata": b"xy", "metadata_ends": bytes(16)}, SegmentReader.read_metadata),
        (
            {"metadata": b"xy", "metadata_ends": np.array([3, 2], "<i8").tobytes()},
            SegmentReader.read_metadata,
        ),
        (
            {"sparse_indices": bytes(8), "sparse_values": bytes(4), "sparse_ends": bytes(16)},
            SegmentReader.read_sparse,
        ),
        (
            {
                "sparse_indices": bytes(8),
                "sparse_values": bytes(8),
                "sparse_ends": np.array([-1, 2], "<i8").tobytes(),
            },
            SegmentReader.read_sparse,
        ),
    ],
)
def test_a_malformed_section_is_a_loss(
    sections: dict[str, bytes], read: Callable[[SegmentReader], object]
) -> None:
    lengths = {section: len(raw) for section, raw in sections.items()}
    reader = forged(with_header([2, 2, lengths], b"".join(sections.values())))
    with pytest.raises(DataLoss, match="malformed"):
        read(reader)
