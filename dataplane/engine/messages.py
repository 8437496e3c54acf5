"""What a front and an engine say to each other: requests, replies and their frames.

A frame on the engine's unix socket is a 4-byte little-endian length, an 8-byte little-endian call
number chosen by the front, and a msgpack body (msgspec). Replies carry the call number of their
request and may come in any order. Requests arrive validated against the wire's limits; the engine
checks what needs the index's state (dimension, vector type, existence).

Vectors travel as raw little-endian float32 bytes, row after row; metadata as compact JSON bytes.
"""

import struct
from uuid import UUID

import msgspec

from kit.errors import InvalidArgument
from storage.activity import Held
from storage.events import Origin
from storage.shared_segments import Location

HEADER = struct.Struct("<IQ")
MAX_FRAME_BYTES = 64 * 1024 * 1024
TOO_LARGE = "What was asked for is too large to be sent: ask for less at once."


class SparseVector(msgspec.Struct, frozen=True, array_like=True):
    """`indices`: uint32 bytes, strictly ascending; `values`: float32 bytes of the same count."""

    indices: bytes
    values: bytes


class Record(msgspec.Struct, frozen=True, array_like=True):
    """One record as it is stored and as it is returned."""

    id: str
    values: bytes = b""
    sparse: SparseVector | None = None
    metadata: bytes | None = None


class Match(msgspec.Struct, frozen=True, array_like=True):
    """One hit of a query. `values`, `sparse` and `metadata` only where they were asked for."""

    id: str
    score: float
    values: bytes = b""
    sparse: SparseVector | None = None
    metadata: bytes | None = None


class Request(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Base of every request. `namespace` is "" for the default one, whatever the client wrote."""

    index_id: UUID
    namespace: str = ""


class Read(Request, frozen=True, kw_only=True, tag=True):
    """Base of reads of one namespace; refused while its LSN is below `min_lsn`."""

    min_lsn: int | None = None


class Upsert(Request, frozen=True, kw_only=True):
    """Columnar: `values` is n × dimension float32 bytes, or empty on a sparse index.

    Ids are unique in the request's order of arrival: a later duplicate has already replaced an
    earlier one. `sparse` and `metadata` are empty or as long as `ids`. Audited with an `origin`.
    """

    ids: list[str]
    values: bytes = b""
    sparse: list[SparseVector | None] = []
    metadata: list[bytes | None] = []
    origin: Origin | None = None


class Share(msgspec.Struct, frozen=True, array_like=True):
    """Of a query that `count` engines answer together, the one with this number (from 0)."""

    number: int
    count: int


class Query(Read, frozen=True, kw_only=True):
    """By `vector` (float32 bytes) and/or `sparse`, or by `id`; `filter` is JSON bytes.

    With a `share`, only that part of the records is searched.
    """

    top_k: int
    vector: bytes = b""
    sparse: SparseVector | None = None
    id: str | None = None
    filter: bytes | None = None
    include_values: bool = False
    include_metadata: bool = False
    share: Share | None = None


class Fetch(Read, frozen=True, kw_only=True):
    ids: list[str]


class FetchByMetadata(Read, frozen=True, kw_only=True):
    filter: bytes
    limit: int = 100
    after_id: str | None = None


class ListIds(Read, frozen=True, kw_only=True):
    """Ids in C collation (by code point), strictly after `after_id`."""

    prefix: str = ""
    limit: int = 100
    after_id: str | None = None


class Update(Request, frozen=True, kw_only=True):
    """By `id` (values, sparse values, metadata merged) or by `filter` (metadata merged only).

    Audited with an `origin`.
    """

    id: str | None = None
    filter: bytes | None = None
    values: bytes = b""
    sparse: SparseVector | None = None
    set_metadata: bytes | None = None
    is_dry_run: bool = False
    origin: Origin | None = None


class Delete(Request, frozen=True, kw_only=True):
    """Exactly one of `ids`, `is_all` or `filter`. `is_all` is audited and needs `origin`; the
    others are audited with one."""

    ids: list[str] = []
    is_all: bool = False
    filter: bytes | None = None
    origin: Origin | None = None


class DescribeStats(Request, frozen=True, kw_only=True):
    """Over all namespaces of the index, or `only` those named; `namespace` is ignored.

    With a `filter` (JSON bytes) the namespaces' counts are of the matching records.
    """

    only: list[str] | None = None
    filter: bytes | None = None


class ListNamespaces(Request, frozen=True, kw_only=True):
    """As listed: the default namespace is called "__default__" in `prefix`, `after_name` and order.

    Names in C collation, strictly after `after_name`. `only` those named, "" for the default one.
    """

    prefix: str = ""
    limit: int = 100
    after_name: str | None = None
    only: list[str] | None = None


class DescribeNamespace(Request, frozen=True, kw_only=True):
    pass


class CreateNamespace(Request, frozen=True, kw_only=True):
    """`schema` is JSON bytes of the wire's MetadataSchema, or None. Audited: `origin` is needed."""

    schema: bytes | None = None
    origin: Origin | None = None


class DeleteNamespace(Request, frozen=True, kw_only=True):
    """Audited: `origin` is needed."""

    origin: Origin | None = None


class Probe(Request, frozen=True, kw_only=True):
    """A write that reaches the log and is rolled back, and a read: proves that the index serves.

    It leaves no record, no LSN, no namespace and no usage behind.
    """


class Ping(Request, frozen=True, kw_only=True):
    """Is the engine's loop alive? Touches no index (`index_id` may be all zeros)."""


class Measure(Request, frozen=True, kw_only=True):
    """What do the open indexes hold? Opens none (`index_id` may be all zeros)."""


class Follow(Request, frozen=True, kw_only=True):
    """From the index's writer to another engine: load it, and apply what comes from now on.

    `segments` tells where the writer has segments in memory: its process and descriptor of each.
    """

    epoch: int
    segments: dict[UUID, Location] = {}


class Leave(Request, frozen=True, kw_only=True):
    """From the index's writer: let go of the index, as a follower or as an earlier writer."""

    epoch: int


class Renew(Request, frozen=True, kw_only=True):
    """The index, if it is followed under that epoch, may be read until then."""

    epoch: int
    until_s: float


class Published(Request, frozen=True, kw_only=True, tag=True):
    """Base of what a writer tells its followers; `namespace` is the name of the namespace."""

    epoch: int
    namespace_id: UUID


class Applied(Published, frozen=True, kw_only=True):
    """A row of the log, durable and applied by the writer. The first one makes the namespace."""

    lsn: int
    operation: int
    sealed: bytes


class NamespaceAdded(Published, frozen=True, kw_only=True):
    schema: bytes | None = None


class NamespaceDropped(Published, frozen=True, kw_only=True):
    pass


class Adopted(Published, frozen=True, kw_only=True):
    """The writer took over the manifest of that version; `segments` as in `Follow`."""

    version: int
    segments: dict[UUID, Location] = {}


class Reply(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Base of every reply."""


class Failure(Reply, frozen=True, kw_only=True):
    """`code` is a `kit.errors.ErrorCode`; `message` is for the caller."""

    code: str
    message: str
    retry_after_s: int | None = None


class Written(Reply, frozen=True, kw_only=True):
    """The write is durable and visible. `lsn` is its place in the namespace's log; None where
    nothing had to be written (a delete in a namespace that holds none of the ids)."""

    lsn: int | None
    count: int = 0


class Matches(Reply, frozen=True, kw_only=True):
    """Best first; `path` says how each part answered, for example "graph=3 exact=1".

    Of a share, `stamp` tells in which state of the namespace it was found, beside the LSN: only
    shares of one state make an answer.
    """

    matches: list[Match]
    read_units: int
    max_indexed_lsn: int
    path: str = ""
    stamp: str = ""


class Records(Reply, frozen=True, kw_only=True):
    """`next_after_id` is set where a further page exists."""

    records: list[Record]
    read_units: int
    max_indexed_lsn: int
    next_after_id: str | None = None


class Ids(Reply, frozen=True, kw_only=True):
    ids: list[str]
    read_units: int
    max_indexed_lsn: int
    next_after_id: str | None = None


class NamespaceInfo(msgspec.Struct, frozen=True, array_like=True):
    """`schema` is JSON bytes or None; `indexed_fields` the metadata fields that can be filtered."""

    name: str
    record_count: int
    schema: bytes | None = None
    indexed_fields: list[str] = []
    size_bytes: int = 0


class Stats(Reply, frozen=True, kw_only=True):
    """`total_count` is of all records, whatever was filtered."""

    namespaces: list[NamespaceInfo]
    total_count: int
    dimension: int | None
    metric: str
    vector_type: str


class Namespaces(Reply, frozen=True, kw_only=True):
    namespaces: list[NamespaceInfo]
    total_count: int
    next_after_name: str | None = None


class Pong(Reply, frozen=True, kw_only=True):
    pass


class Sizes(Reply, frozen=True, kw_only=True):
    """The live records by index; an index that was not measured in time is missing.

    `memory_by_index` is what indexes take in this engine's memory, as writer or as follower.
    """

    held_by_index: dict[UUID, Held]
    memory_by_index: dict[UUID, int] = {}


AnyRequest = (
    Upsert
    | Query
    | Fetch
    | FetchByMetadata
    | ListIds
    | Update
    | Delete
    | DescribeStats
    | ListNamespaces
    | DescribeNamespace
    | CreateNamespace
    | DeleteNamespace
    | Probe
    | Ping
    | Measure
    | Follow
    | Leave
    | Renew
    | Applied
    | NamespaceAdded
    | NamespaceDropped
    | Adopted
)
AnyReply = Failure | Written | Matches | Records | Ids | Stats | Namespaces | Pong | Sizes

_encode = msgspec.msgpack.Encoder().encode
_decode_request = msgspec.msgpack.Decoder(AnyRequest).decode
decode_reply = msgspec.msgpack.Decoder(AnyReply).decode


def pack(call: int, message: Request | Reply) -> bytes:
    """One frame, ready to send. Raises `InvalidArgument` where it is too large to be sent."""
    body = _encode(message)
    if len(body) > MAX_FRAME_BYTES:
        raise InvalidArgument(TOO_LARGE)
    return HEADER.pack(len(body), call) + body


def unpack_requests(buffer: bytearray) -> list[tuple[int, AnyRequest]]:
    """Take every complete request off the front of `buffer`."""
    return [(call, _decode_request(body)) for call, body in _take_frames(buffer)]


def unpack_replies(buffer: bytearray) -> list[tuple[int, AnyReply]]:
    """Take every complete reply off the front of `buffer`."""
    return [(call, decode_reply(body)) for call, body in _take_frames(buffer)]


def _take_frames(buffer: bytearray) -> list[tuple[int, bytes]]:
    frames = []
    start = 0
    while len(buffer) - start >= HEADER.size:
        length, call = HEADER.unpack_from(buffer, start)
        if length > MAX_FRAME_BYTES:
            raise ValueError(f"frame of {length} bytes is over the limit of {MAX_FRAME_BYTES}")
        end = start + HEADER.size + length
        if len(buffer) < end:
            break
        frames.append((call, bytes(buffer[start + HEADER.size : end])))
        start = end
    del buffer[:start]
    return frames
