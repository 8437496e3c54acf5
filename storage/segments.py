"""The file of one segment: named columns behind a header, sealed as a stream in the object store.

    magic ‖ header length (uint32) ‖ msgpack header ‖ section ‖ section …

Every section can be read alone. All numbers are little-endian. What is read was authenticated;
lengths and offsets are checked as well, so that a writer's mistake is a `DataLoss`, not a crash.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias
from uuid import UUID

import msgspec
import numpy as np
import numpy.typing as npt

from keyring.envelope import Bytes, DataKey, context
from keyring.stream import HEADER_BYTES, SealedReader, seal_stream, stream_version
from kit.errors import DataLoss
from storage.objects import ObjectStore

Column: TypeAlias = npt.NDArray[Any]

_MAGIC = b"SPSEG\x00\x00\x01"
_LENGTH = struct.Struct("<I")
_FIRST_BYTES = len(_MAGIC) + _LENGTH.size
_MAX_HEADER_BYTES = 4096
_PURPOSE = "segment"
_COPY_BYTES = 8 << 20


class _Header(msgspec.Struct, frozen=True, array_like=True):
    """`lengths` of the sections, in the order in which they follow."""

    record_count: int
    dimension: int
    lengths: dict[str, int]


_decode_header = msgspec.msgpack.Decoder(_Header).decode
_encode = msgspec.msgpack.Encoder().encode
_decode_ids = msgspec.msgpack.Decoder(list[str]).decode


@dataclass(frozen=True, slots=True)
class SegmentName:
    """Which segment: the place in the object store and the key follow from it."""

    index_id: UUID
    namespace_id: UUID
    segment_id: UUID

    @property
    def path(self) -> str:
        return f"indexes/{self.index_id}/{self.namespace_id}/segments/{self.segment_id}"

    @property
    def _parts(self) -> tuple[UUID, UUID, UUID]:
        return self.index_id, self.namespace_id, self.segment_id

    @property
    def context(self) -> bytes:
        """What the object is bound to."""
        return context(_PURPOSE, *self._parts)

    def sealing_key(self, key: DataKey) -> bytes:
        """The key of this object."""
        return key.derive(_PURPOSE, *self._parts)


@dataclass(frozen=True, slots=True, eq=False)
class SegmentColumns:
    """What a segment holds; row i of each column belongs to `ids[i]`.

    `vectors` is float32 (n, dimension), `metadata` compact JSON or None. The sparse vector of row
    i is `sparse_indices[sparse_ends[i - 1]:sparse_ends[i]]` with its values. The rows of the term
    `posting_terms[i]` are cut out of `posting_rows` by `posting_ends` likewise. `field_index` and
    `graph` are opaque here; `graph` is empty where exact search is as good.
    """

    ids: list[str]
    vectors: npt.NDArray[np.float32]
    norms: npt.NDArray[np.float32]
    metadata: list[bytes | None]
    sparse_ends: npt.NDArray[np.int64]
    sparse_indices: npt.NDArray[np.uint32]
    sparse_values: npt.NDArray[np.float32]
    posting_terms: npt.NDArray[np.uint32]
    posting_ends: npt.NDArray[np.int64]
    posting_rows: npt.NDArray[np.uint32]
    posting_values: npt.NDArray[np.float32]
    field_index: bytes
    graph: bytes


def write_segment(
    store: ObjectStore, key: DataKey, name: SegmentName, columns: SegmentColumns
) -> int:
    """Seal and store a new segment; its size in the store."""
    return store.put(name.path, _sealed(key, name, _pieces(columns)), is_new=True)


def copy_segment(store: ObjectStore, key: DataKey, source: SegmentName, target: SegmentName) -> int:
    """Seal and store the same bytes under another name; the size. Every byte is authenticated."""
    pieces = _plain_pieces(_opened(store, key, source))
    return store.put(target.path, _sealed(key, target, pieces), is_new=True)


def reseal_segment(store: ObjectStore, key: DataKey, name: SegmentName) -> bool:
    """Seal it anew under the newest version of the key, in its place; whether there was need.

    Whoever reads it meanwhile reads on.
    """
    if segment_key_version(store, name.path) == key.version:
        return False
    store.put(name.path, _sealed(key, name, _plain_pieces(_opened(store, key, name))))
    return True


def segment_key_version(store: ObjectStore, path: str) -> int:
    return stream_version(store.read_at(path, 0, HEADER_BYTES))


def _opened(store: ObjectStore, key: DataKey, name: SegmentName) -> SealedReader:
    return SealedReader(
        lambda version: name.sealing_key(key.at(version)),
        lambda offset, length: store.read_at(name.path, offset, length),
        store.size(name.path),
        context=name.context,
    )


def _sealed(key: DataKey, name: SegmentName, pieces: Iterator[Bytes]) -> Iterator[bytes]:
    secret = name.sealing_key(key)
    return seal_stream(secret, pieces, context=name.context, version=key.version)


def _plain_pieces(reader: SealedReader) -> Iterator[bytes]:
    for at in range(0, reader.size, _COPY_BYTES):
        yield reader.read(at, min(_COPY_BYTES, reader.size - at))


def _pieces(columns: SegmentColumns) -> Iterator[Bytes]:
    lengths = np.array([len(raw or b"") for raw in columns.metadata], np.int64)
    sections = {
        "ids": memoryview(_encode(columns.ids)),
        "vectors": _raw(columns.vectors, "<f4"),
        "norms": _raw(columns.norms, "<f4"),
        "metadata_ends": _raw(np.cumsum(lengths), "<i8"),
        "metadata": memoryview(b"".join(raw or b"" for raw in columns.metadata)),
        "sparse_ends": _raw(columns.sparse_ends, "<i8"),
        "sparse_indices": _raw(columns.sparse_indices, "<u4"),
        "sparse_values": _raw(columns.sparse_values, "<f4"),
        "posting_terms": _raw(columns.posting_terms, "<u4"),
        "posting_ends": _raw(columns.posting_ends, "<i8"),
        "posting_rows": _raw(columns.posting_rows, "<u4"),
        "posting_values": _raw(columns.posting_values, "<f4"),
        "field_index": memoryview(columns.field_index),
        "graph": memoryview(columns.graph),
    }
    rows, dimension = columns.vectors.shape
    counts = {section: len(raw) for section, raw in sections.items()}
    header = _encode(_Header(rows, dimension, counts))
    yield memoryview(_MAGIC + _LENGTH.pack(len(header)) + header)
    yield from sections.values()


def _raw(column: Column, form: str) -> memoryview:
    return np.ascontiguousarray(column, dtype=form).reshape(-1).view(np.uint8).data


class SegmentReader:
    """A stored segment, section by section. Everything raises `DataLoss` for what does not fit."""

    def __init__(self, store: ObjectStore, key: DataKey, name: SegmentName) -> None:
        self._name = name
        self._sealed = _opened(store, key, name)
        header, start = self._read_header()
        self.record_count, self.dimension = header.record_count, header.dimension
        self._sections: dict[str, tuple[int, int]] = {}
        for section, length in header.lengths.items():
            self._sections[section] = (start, length)
            start += length
        if start != self._sealed.size or min(header.lengths.values(), default=0) < 0:
            raise self._malformed("its sections do not fill it")

    @property
    def size_bytes(self) -> int:
        return self._sealed.size

    @property
    def has_graph(self) -> bool:
        return self._place("graph")[1] > 0

    @property
    def has_postings(self) -> bool:
        """Segments of the first form have none."""
        return "posting_rows" in self._sections

    def authenticate(self) -> None:
        """Read every byte of it, some megabytes at a time."""
        for at in range(0, self._sealed.size, _COPY_BYTES):
            self._sealed.read(at, min(_COPY_BYTES, self._sealed.size - at))

    def read_ids(self) -> list[str]:
        """The ids of all rows; touches no other section."""
        try:
            ids = _decode_ids(self._read("ids"))
        except msgspec.MsgspecError as error:
            raise self._malformed("its ids cannot be read") from error
        if len(ids) != self.record_count:
            raise self._malformed("it has not one id per record")
        return ids

    def read_vectors(self) -> npt.NDArray[np.float32]:
        rows = self._read_column("vectors", "<f4", self.record_count * self.dimension)
        return rows.reshape(self.record_count, self.dimension)

    def read_norms(self) -> npt.NDArray[np.float32]:
        return self._read_column("norms", "<f4", self.record_count)

    def read_metadata(self) -> tuple[npt.NDArray[np.int64], bytes]:
        """Where the metadata of each row end, and all of them; empty means none."""
        blob = self._read("metadata")
        return self._read_ends("metadata_ends", self.record_count, last=len(blob)), blob

    def read_sparse(
        self,
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.uint32], npt.NDArray[np.float32]]:
        """Where the sparse vector of each row ends, all indices, all values."""
        count = self._place("sparse_indices")[1] // 4
        indices = self._read_column("sparse_indices", "<u4", count)
        values = self._read_column("sparse_values", "<f4", count)
        return self._read_ends("sparse_ends", self.record_count, last=count), indices, values

    def read_postings(
        self,
    ) -> tuple[
        npt.NDArray[np.uint32],
        npt.NDArray[np.int64],
        npt.NDArray[np.uint32],
        npt.NDArray[np.float32],
    ]:
        """Terms, where the rows of each end, all rows, all values."""
        term_count = self._place("posting_terms")[1] // 4
        count = self._place("posting_rows")[1] // 4
        terms = self._read_column("posting_terms", "<u4", term_count)
        ends = self._read_ends("posting_ends", term_count, last=count)
        rows = self._read_column("posting_rows", "<u4", count)
        if count and int(rows.max()) >= self.record_count:
            raise self._malformed("a posting is past the last row")
        return terms, ends, rows, self._read_column("posting_values", "<f4", count)

    def view_metadata(self) -> tuple[npt.NDArray[np.int64], memoryview]:
        """As `read_metadata`."""
        blob = self._view("metadata")
        return self._read_ends("metadata_ends", self.record_count, last=len(blob)), blob

    def read_field_index(self) -> bytes:
        return self._read("field_index")

    def view_graph(self) -> memoryview:
        return self._view("graph")

    @property
    def section_lengths(self) -> dict[str, int]:
        return {section: length for section, (_, length) in self._sections.items()}

    def read_into(self, section: str, target: memoryview) -> None:
        """Fill the writable `target`, which is as long as the section."""
        self._sealed.read_into(self._place(section)[0], target)

    def _read_header(self) -> tuple[_Header, int]:
        first = self._sealed.read(0, min(_FIRST_BYTES, self._sealed.size))
        if len(first) < _FIRST_BYTES or not first.startswith(_MAGIC):
            raise self._malformed("it has an unknown form")
        (length,) = _LENGTH.unpack_from(first, len(_MAGIC))
        if length > min(_MAX_HEADER_BYTES, self._sealed.size - _FIRST_BYTES):
            raise self._malformed("its header is too long")
        try:
            header = _decode_header(self._sealed.read(_FIRST_BYTES, length))
        except msgspec.MsgspecError as error:
            raise self._malformed("its header cannot be read") from error
        if header.record_count < 0 or header.dimension < 0:
            raise self._malformed("its counts are negative")
        return header, _FIRST_BYTES + length

    def _read(self, section: str) -> bytes:
        return self._sealed.read(*self._place(section))

    def _view(self, section: str) -> memoryview:
        return memoryview(self._read(section))

    def _place(self, section: str) -> tuple[int, int]:
        if section not in self._sections:
            raise self._malformed(f"the section {section} is missing")
        return self._sections[section]

    def _read_column(self, section: str, form: str, count: int) -> Column:
        start, length = self._place(section)
        column = np.empty(count, form)
        if column.nbytes != length:
            raise self._malformed(f"the section {section} has a wrong length")
        if count:
            self._sealed.read_into(start, column.view(np.uint8).data)
        return column

    def _read_ends(self, section: str, count: int, *, last: int) -> npt.NDArray[np.int64]:
        ends = self._read_column(section, "<i8", count)
        steps = np.diff(ends, prepend=0)
        if (steps < 0).any() or (int(ends[-1]) if ends.size else 0) != last:
            raise self._malformed(f"the offsets in {section} are wrong")
        return ends

    def _malformed(self, why: str) -> DataLoss:
        return DataLoss(f"The segment {self._name.segment_id} is malformed: {why}.")
