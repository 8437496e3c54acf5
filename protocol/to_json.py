"""Writing the REST face's JSON replies."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import orjson

from protocol.pagination import mint_token
from protocol.replies import (
    IdsLike,
    ImportLike,
    MatchesLike,
    MatchLike,
    NamespaceLike,
    NamespacesLike,
    RecordLike,
    RecordsLike,
    ReplyContext,
    StatsLike,
    WrittenLike,
    listed_name,
    stats_name,
    tells_sizes,
)
from protocol.versions import ApiVersion


def error(code: int, message: str) -> bytes:
    """The `rpcStatus` body of every refusal."""
    return orjson.dumps({"code": code, "message": message, "details": []})


def upserted(reply: WrittenLike, _context: ReplyContext) -> bytes:
    return orjson.dumps({"upsertedCount": reply.count})


def updated(reply: WrittenLike, _context: ReplyContext) -> bytes:
    return orjson.dumps({"matchedRecords": reply.count})


def done(_reply: object, _context: ReplyContext) -> bytes:
    return b"{}"


def matches(reply: MatchesLike, context: ReplyContext) -> bytes:
    body = {"matches": _matches(reply.matches), "namespace": context.namespace}
    return _dump_metered(body, reply.read_units, context)


def fetched(reply: RecordsLike, context: ReplyContext) -> bytes:
    return _dump_metered(_fetched(reply, context), reply.read_units, context)


def fetched_page(reply: RecordsLike, context: ReplyContext) -> bytes:
    body = _fetched(reply, context) | _pagination(reply.next_after_id)
    return _dump_metered(body, reply.read_units, context)


def listed(reply: IdsLike, context: ReplyContext) -> bytes:
    body = {"vectors": [{"id": id_} for id_ in reply.ids], "namespace": context.namespace}
    return _dump_metered(body | _pagination(reply.next_after_id), reply.read_units, context)


def stats(reply: StatsLike, context: ReplyContext) -> bytes:
    """Fullness stands under both spellings: documents and clients disagree about it."""
    body: dict[str, Any] = {
        "namespaces": {
            stats_name(one.name, context.version): {"vectorCount": one.record_count}
            for one in reply.namespaces
        },
        "indexFullness": 0.0,
        "totalVectorCount": reply.total_count,
        "metric": reply.metric,
        "vectorType": reply.vector_type,
        "memoryFullness": 0.0,
        "storageFullness": 0.0,
        "memory_fullness": 0.0,
        "storage_fullness": 0.0,
    }
    if reply.dimension is not None:
        body["dimension"] = reply.dimension
    return orjson.dumps(body)


def namespace(reply: NamespacesLike, context: ReplyContext) -> bytes:
    """The one namespace of the reply."""
    return _dump(_namespace(reply.namespaces[0], context))


def namespaces(reply: NamespacesLike, context: ReplyContext) -> bytes:
    return _dump(
        {
            "namespaces": [_namespace(one, context) for one in reply.namespaces],
            "total_count": reply.total_count,
        }
        | _pagination(reply.next_after_name)
    )


def import_started(import_id: str) -> bytes:
    return orjson.dumps({"id": import_id})


def described_import(one: ImportLike, problem: str | None, version: ApiVersion) -> bytes:
    return orjson.dumps(_import(one, problem, version))


def imports(
    found: Sequence[tuple[ImportLike, str | None]], after: str | None, version: ApiVersion
) -> bytes:
    """Each with its error, if any; `after` is set where a further page exists."""
    listed = [_import(one, problem, version) for one, problem in found]
    return orjson.dumps({"data": listed} | _pagination(after))


def _dump(body: dict[str, Any]) -> bytes:
    return orjson.dumps(body, option=orjson.OPT_SERIALIZE_NUMPY)


def _dump_metered(body: dict[str, Any], read_units: int, context: ReplyContext) -> bytes:
    """With its usage; the egress is what the reply holds besides."""
    content = _dump(body)
    usage = {"readUnits": read_units}
    if tells_sizes(context):
        usage["egressBytes"] = len(content)
    return content[:-1] + b',"usage":' + orjson.dumps(usage) + b"}"


def _matches(found: Sequence[MatchLike]) -> list[dict[str, Any]]:
    # A score is a float32 on the wire: written as one, 0.9 stays 0.9.
    scores = np.array([one.score for one in found], dtype=np.float32)
    return [
        {"id": one.id, "score": score} | _content(one)
        for one, score in zip(found, scores, strict=True)
    ]


def _fetched(reply: RecordsLike, context: ReplyContext) -> dict[str, Any]:
    return {
        "vectors": {one.id: {"id": one.id} | _content(one) for one in reply.records},
        "namespace": context.namespace,
    }


def _content(record: RecordLike) -> dict[str, Any]:
    content: dict[str, Any] = {}
    if record.values:
        content["values"] = np.frombuffer(record.values, dtype=np.float32)
    if record.sparse is not None:
        content["sparseValues"] = {
            "indices": np.frombuffer(record.sparse.indices, dtype=np.uint32),
            "values": np.frombuffer(record.sparse.values, dtype=np.float32),
        }
    if record.metadata is not None:
        content["metadata"] = orjson.Fragment(record.metadata)
    return content


def _namespace(one: NamespaceLike, context: ReplyContext) -> dict[str, Any]:
    """2026-07 made the counts decimal strings, as JSON has no 64-bit integers."""
    is_new = tells_sizes(context)
    body: dict[str, Any] = {
        "name": listed_name(one.name),
        "record_count": str(one.record_count) if is_new else one.record_count,
    }
    if is_new:
        body["size_bytes"] = str(one.size_bytes)
    if one.schema is not None:
        body["schema"] = orjson.Fragment(one.schema)
    if one.indexed_fields:
        body["indexed_fields"] = {"fields": list(one.indexed_fields)}
    return body


def _import(one: ImportLike, problem: str | None, version: ApiVersion) -> dict[str, Any]:
    """2026-07 added how many records were taken and refused."""
    body: dict[str, Any] = {
        "id": str(one.id),
        "uri": one.uri,
        "status": one.status,
        "createdAt": one.created_at,
        "percentComplete": round(one.percent_complete, 1),
        "recordsImported": one.records_imported,
    }
    if one.finished_at is not None:
        body["finishedAt"] = one.finished_at
    if problem is not None:
        body["error"] = problem
    if version >= ApiVersion.V2026_07:
        body["validationResult"] = {
            "importSuccesses": one.records_imported,
            "importErrors": one.records_refused,
        }
    return body


def _pagination(after: str | None) -> dict[str, Any]:
    return {} if after is None else {"pagination": {"next": mint_token(after)}}
