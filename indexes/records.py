"""Records as people read and write them through the console: the Vector API in their name.

Who may is decided in `indexes.asking`; what is audited of it, the index's node records.
"""

from dataclasses import dataclass, field
from typing import Any

from access.actor import Actor
from access.permissions import Permission
from indexes.asking import ask
from indexes.models import Index
from protocol import from_reply
from protocol.from_reply import Fetched, Listed, Matches, Record, Stats

_PAGE = 50
_IDS_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Page:
    """`next` is the token of the next page, empty on the last one."""

    records: list[Record]
    next: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """A query: by `id`, or by `vector` and `sparse`, of which an index takes what fits it."""

    namespace: str
    top_k: int
    id: str = ""
    vector: list[float] = field(default_factory=list)
    sparse: dict[str, Any] | None = None
    filter: dict[str, Any] | None = None
    include_values: bool = False

    @property
    def body(self) -> dict[str, Any]:
        """As it goes over the wire."""
        named = {
            "id": self.id, "vector": self.vector, "sparseVector": self.sparse,
            "filter": self.filter,
        }  # fmt: skip
        return {
            "namespace": self.namespace,
            **{name: value for name, value in named.items() if value},
            "topK": self.top_k,
            "includeValues": self.include_values,
            "includeMetadata": True,
        }


@dataclass(frozen=True, slots=True)
class Answer:
    """`path` is how the node found it, such as `graph=3 memtable=1`."""

    matches: list[Record]
    read_units: int
    path: str
    elapsed_ms: float


def record_count(actor: Actor, index: Index) -> int:
    reply = ask(actor, index, Permission.DATA_READ, ("GET", "/describe_index_stats"))
    found: Stats = from_reply.read(Stats, reply.body)
    return found.total_vector_count


def query_records(actor: Actor, index: Index, question: Question) -> Answer:
    reply = ask(actor, index, Permission.DATA_READ, ("POST", "/query"), body=question.body)
    found: Matches = from_reply.read(Matches, reply.body)
    return Answer(found.matches, found.usage.read_units, reply.path, reply.elapsed_ms)


def list_records(
    actor: Actor,
    index: Index,
    namespace: str,
    *,
    prefix: str = "",
    token: str = "",
    most: int = _PAGE,
) -> Page:
    """A page by id, each with what it holds; one that is deleted meanwhile is left out."""
    listed = _list_ids(actor, index, namespace, prefix=prefix, token=token, limit=most)
    ids = [one.id for one in listed.vectors]
    return Page(fetch_records(actor, index, namespace, ids), listed.pagination.next)


def list_record_ids(actor: Actor, index: Index, namespace: str, *, most: int) -> list[str]:
    """The first ids, in their order; a call to the node for each hundred."""
    found: list[str] = []
    token = ""
    while len(found) < most:
        listed = _list_ids(actor, index, namespace, prefix="", token=token, limit=_IDS_AT_ONCE)
        found += [one.id for one in listed.vectors]
        token = listed.pagination.next
        if not token:
            break
    return found[:most]


def find_records(
    actor: Actor, index: Index, namespace: str, *, condition: dict[str, Any], token: str = ""
) -> Page:
    """A page of those whose metadata matches."""
    body = {"namespace": namespace, "filter": condition, "limit": _PAGE}
    if token:
        body["paginationToken"] = token
    call = ("POST", "/vectors/fetch_by_metadata")
    reply = ask(actor, index, Permission.DATA_READ, call, body=body)
    found: Fetched = from_reply.read(Fetched, reply.body)
    return Page(list(found.vectors.values()), found.pagination.next)


def fetch_records(actor: Actor, index: Index, namespace: str, ids: list[str]) -> list[Record]:
    """Those that are there, in the order asked for."""
    if not ids:
        return []
    query = [("namespace", namespace), *(("ids", id_) for id_ in ids)]
    reply = ask(actor, index, Permission.DATA_READ, ("GET", "/vectors/fetch"), query=query)
    found: Fetched = from_reply.read(Fetched, reply.body)
    return [found.vectors[id_] for id_ in ids if id_ in found.vectors]


def _list_ids(
    actor: Actor, index: Index, namespace: str, *, prefix: str, token: str, limit: int
) -> Listed:
    wanted = {"namespace": namespace, "prefix": prefix, "paginationToken": token}
    query = [(name, value) for name, value in wanted.items() if value] + [("limit", str(limit))]
    reply = ask(actor, index, Permission.DATA_READ, ("GET", "/vectors/list"), query=query)
    listed: Listed = from_reply.read(Listed, reply.body)
    return listed


def set_metadata(
    actor: Actor, index: Index, namespace: str, *, record_id: str, metadata: dict[str, Any]
) -> None:
    """Set these fields; others stay."""
    body = {"namespace": namespace, "id": record_id, "setMetadata": metadata}
    ask(actor, index, Permission.DATA_WRITE, ("POST", "/vectors/update"), body=body)


def delete_records(actor: Actor, index: Index, namespace: str, ids: list[str]) -> None:
    body = {"namespace": namespace, "ids": ids}
    ask(actor, index, Permission.DATA_WRITE, ("POST", "/vectors/delete"), body=body)


def upsert_records(
    actor: Actor, index: Index, namespace: str, records: list[dict[str, Any]]
) -> None:
    """`records` as the Vector API takes them."""
    body = {"namespace": namespace, "vectors": records}
    ask(actor, index, Permission.DATA_WRITE, ("POST", "/vectors/upsert"), body=body)
