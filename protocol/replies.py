"""What the faces render: the forms that engine replies have, and what a namespace is called."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from protocol.versions import ApiVersion

DEFAULT_NAMESPACE = "__default__"


@dataclass(frozen=True, slots=True)
class ReplyContext:
    """Of the request that is answered: its namespace ("" for the default one) and API version."""

    namespace: str
    version: ApiVersion


class ImportLike(Protocol):
    """As it is stored; `error` is for the caller."""

    @property
    def id(self) -> UUID: ...
    @property
    def uri(self) -> str: ...
    @property
    def status(self) -> str: ...
    @property
    def created_at(self) -> datetime: ...
    @property
    def finished_at(self) -> datetime | None: ...
    @property
    def percent_complete(self) -> float: ...
    @property
    def records_imported(self) -> int: ...
    @property
    def records_refused(self) -> int: ...


class SparseLike(Protocol):
    """uint32 and float32 bytes."""

    @property
    def indices(self) -> bytes: ...
    @property
    def values(self) -> bytes: ...


class RecordLike(Protocol):
    """`values` are float32 bytes, `metadata` JSON bytes."""

    @property
    def id(self) -> str: ...
    @property
    def values(self) -> bytes: ...
    @property
    def sparse(self) -> SparseLike | None: ...
    @property
    def metadata(self) -> bytes | None: ...


class MatchLike(RecordLike, Protocol):
    @property
    def score(self) -> float: ...


class NamespaceLike(Protocol):
    """`schema` is the JSON bytes that `check_create_namespace` made, or None."""

    @property
    def name(self) -> str: ...
    @property
    def record_count(self) -> int: ...
    @property
    def schema(self) -> bytes | None: ...
    @property
    def indexed_fields(self) -> Sequence[str]: ...
    @property
    def size_bytes(self) -> int: ...


class WrittenLike(Protocol):
    @property
    def count(self) -> int: ...


class MatchesLike(Protocol):
    @property
    def matches(self) -> Sequence[MatchLike]: ...
    @property
    def read_units(self) -> int: ...


class RecordsLike(Protocol):
    @property
    def records(self) -> Sequence[RecordLike]: ...
    @property
    def read_units(self) -> int: ...
    @property
    def next_after_id(self) -> str | None: ...


class IdsLike(Protocol):
    @property
    def ids(self) -> Sequence[str]: ...
    @property
    def read_units(self) -> int: ...
    @property
    def next_after_id(self) -> str | None: ...


class StatsLike(Protocol):
    @property
    def namespaces(self) -> Sequence[NamespaceLike]: ...
    @property
    def total_count(self) -> int: ...
    @property
    def dimension(self) -> int | None: ...
    @property
    def metric(self) -> str: ...
    @property
    def vector_type(self) -> str: ...


class NamespacesLike(Protocol):
    @property
    def namespaces(self) -> Sequence[NamespaceLike]: ...
    @property
    def total_count(self) -> int: ...
    @property
    def next_after_name(self) -> str | None: ...


def listed_name(namespace: str) -> str:
    """How a namespace stands in listings: the default one has a name there."""
    return namespace or DEFAULT_NAMESPACE


def tells_sizes(context: ReplyContext) -> bool:
    """2026-07 tells how many bytes a namespace takes and how many a reply has."""
    return context.version >= ApiVersion.V2026_07


def stats_name(namespace: str, version: ApiVersion) -> str:
    """How a namespace stands in stats: the default one got its name with 2025-04."""
    return listed_name(namespace) if version >= ApiVersion.V2025_04 else namespace
