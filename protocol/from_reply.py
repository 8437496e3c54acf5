"""Reading the REST face's JSON replies, for those of the installation who ask it themselves.

What faces write stands in `to_json`, in the newest version of the API.
"""

from collections import deque
from typing import Any

import msgspec

from kit.errors import ErrorCode, StonepineError
from protocol.status import STATUS, WireStatus

_ENDED = 300


class Sparse(msgspec.Struct, frozen=True):
    indices: list[int]
    values: list[float]


class Record(msgspec.Struct, frozen=True, rename="camel"):
    """`score` only of a match."""

    id: str
    values: list[float] = []
    sparse_values: Sparse | None = None
    metadata: dict[str, Any] | None = None
    score: float | None = None


class Usage(msgspec.Struct, frozen=True, rename="camel"):
    read_units: int = 0


class Pagination(msgspec.Struct, frozen=True):
    next: str = ""


class Matches(msgspec.Struct, frozen=True):
    matches: list[Record]
    usage: Usage = Usage()


class Fetched(msgspec.Struct, frozen=True):
    """By id; of a fetch by metadata with the token of the next page."""

    vectors: dict[str, Record]
    pagination: Pagination = Pagination()


class ListedId(msgspec.Struct, frozen=True):
    id: str


class Listed(msgspec.Struct, frozen=True):
    vectors: list[ListedId]
    pagination: Pagination = Pagination()


class Stats(msgspec.Struct, frozen=True, rename="camel"):
    total_vector_count: int


class Schema(msgspec.Struct, frozen=True):
    fields: dict[str, Any] = {}


class IndexedFields(msgspec.Struct, frozen=True):
    fields: list[str] = []


class Namespace(msgspec.Struct, frozen=True):
    """`fields` are those that filters may name."""

    name: str
    record_count: int
    size_bytes: int = 0
    schema: Schema | None = None
    indexed_fields: IndexedFields = IndexedFields()

    @property
    def fields(self) -> list[str]:
        return self.indexed_fields.fields


class Namespaces(msgspec.Struct, frozen=True):
    namespaces: list[Namespace]
    total_count: int
    pagination: Pagination = Pagination()


class _Refused(msgspec.Struct, frozen=True):
    code: int
    message: str


def read(kind: type[Any], body: bytes) -> Any:
    """The reply as that kind; counts that stand there as decimal strings become numbers."""
    return msgspec.json.decode(body, type=kind, strict=False)


def is_refusal(status: int) -> bool:
    return status >= _ENDED


def refusal(status: int, body: bytes, *, retry_after_s: int | None = None) -> StonepineError:
    """The error that a face has told with that status and body."""
    try:
        told = msgspec.json.decode(body, type=_Refused)
    except msgspec.DecodeError:
        told = _Refused(STATUS[ErrorCode.UNAVAILABLE].grpc, "The index does not answer: try again.")
    kind = _KINDS.get(WireStatus(status, told.code), StonepineError)
    return kind(told.message, retry_after_s=retry_after_s)


def _kinds() -> dict[WireStatus, type[StonepineError]]:
    """Where two codes are told alike, the first one of the table is meant."""
    kinds: dict[ErrorCode, type[StonepineError]] = {}
    # Parents first: a child may take other arguments.
    waiting: deque[type[StonepineError]] = deque([StonepineError])
    while waiting:
        kind = waiting.popleft()
        kinds.setdefault(kind.code, kind)
        waiting.extend(kind.__subclasses__())
    found: dict[WireStatus, type[StonepineError]] = {}
    for code, status in STATUS.items():
        found.setdefault(status, kinds[code])
    return found


_KINDS = _kinds()
