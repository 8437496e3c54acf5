"""Writing the gRPC face's reply messages."""

from typing import TypeAlias

import msgspec
import numpy as np
from google.protobuf.message import Message

from protocol.pagination import mint_token
from protocol.replies import (
    IdsLike,
    MatchesLike,
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
from protocol.structs import fill
from protocol.v1 import vector_service_pb2 as pb

Metered: TypeAlias = (
    pb.QueryResponse | pb.FetchResponse | pb.FetchByMetadataResponse | pb.ListResponse
)

_read_object = msgspec.json.Decoder(dict).decode


def upserted(reply: WrittenLike, _context: ReplyContext) -> bytes:
    return pb.UpsertResponse(upserted_count=reply.count).SerializeToString()


def updated(reply: WrittenLike, _context: ReplyContext) -> bytes:
    return pb.UpdateResponse(matched_records=reply.count).SerializeToString()


def done(_reply: object, _context: ReplyContext) -> bytes:
    return b""


def matches(reply: MatchesLike, context: ReplyContext) -> bytes:
    response = pb.QueryResponse(namespace=context.namespace)
    for one in reply.matches:
        match = response.matches.add(id=one.id, score=one.score)
        _fill(match, one)
    return _metered(response, reply.read_units, context)


def fetched(reply: RecordsLike, context: ReplyContext) -> bytes:
    response = pb.FetchResponse(namespace=context.namespace)
    for one in reply.records:
        vector = response.vectors[one.id]
        vector.id = one.id
        _fill(vector, one)
    return _metered(response, reply.read_units, context)


def fetched_page(reply: RecordsLike, context: ReplyContext) -> bytes:
    response = pb.FetchByMetadataResponse(namespace=context.namespace)
    for one in reply.records:
        vector = response.vectors[one.id]
        vector.id = one.id
        _fill(vector, one)
    if reply.next_after_id is not None:
        response.pagination.next = mint_token(reply.next_after_id)
    return _metered(response, reply.read_units, context)


def listed(reply: IdsLike, context: ReplyContext) -> bytes:
    response = pb.ListResponse(
        vectors=[pb.ListItem(id=id_) for id_ in reply.ids],
        namespace=context.namespace,
    )
    if reply.next_after_id is not None:
        response.pagination.next = mint_token(reply.next_after_id)
    return _metered(response, reply.read_units, context)


def stats(reply: StatsLike, context: ReplyContext) -> bytes:
    response = pb.DescribeIndexStatsResponse(
        namespaces={
            stats_name(one.name, context.version): pb.NamespaceSummary(
                vector_count=one.record_count
            )
            for one in reply.namespaces
        },
        total_vector_count=reply.total_count,
        metric=reply.metric,
        vector_type=reply.vector_type,
        memory_fullness=0.0,
        storage_fullness=0.0,
    )
    if reply.dimension is not None:
        response.dimension = reply.dimension
    return response.SerializeToString()


def namespace(reply: NamespacesLike, context: ReplyContext) -> bytes:
    """The one namespace of the reply."""
    return _namespace(reply.namespaces[0], context).SerializeToString()


def namespaces(reply: NamespacesLike, context: ReplyContext) -> bytes:
    response = pb.ListNamespacesResponse(
        namespaces=[_namespace(one, context) for one in reply.namespaces],
        total_count=reply.total_count,
    )
    if reply.next_after_name is not None:
        response.pagination.next = mint_token(reply.next_after_name)
    return response.SerializeToString()


def _metered(response: Metered, read_units: int, context: ReplyContext) -> bytes:
    """With its usage; the egress is what the reply holds besides."""
    if tells_sizes(context):
        response.usage.egress_bytes = response.ByteSize()
    response.usage.read_units = read_units
    return response.SerializeToString()


def _fill(target: pb.Vector | pb.ScoredVector, record: RecordLike) -> None:
    if record.values:
        _merge_packed(target, "values", record.values)
    if record.sparse is not None:
        indices = np.frombuffer(record.sparse.indices, dtype=np.uint32)
        target.sparse_values.indices.extend(indices.tolist())
        _merge_packed(target.sparse_values, "values", record.sparse.values)
    if record.metadata is not None:
        fill(target.metadata, _read_object(record.metadata))


def _merge_packed(message: Message, field: str, raw: bytes) -> None:
    """Set a `repeated float` from its little-endian bytes, which are the wire's own form.

    Twenty times as fast as handing Python floats over one by one.
    """
    number = message.DESCRIPTOR.fields_by_name[field].number
    message.MergeFromString(bytes([number << 3 | 2]) + _varint(len(raw)) + raw)


def _varint(number: int) -> bytes:
    encoded = bytearray()
    while number > 0x7F:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    encoded.append(number)
    return bytes(encoded)


def _namespace(one: NamespaceLike, context: ReplyContext) -> pb.NamespaceDescription:
    description = pb.NamespaceDescription(name=listed_name(one.name), record_count=one.record_count)
    if tells_sizes(context):
        description.size_bytes = one.size_bytes
    if one.schema is not None:
        description.schema.SetInParent()
        for name, field in _read_object(one.schema).get("fields", {}).items():
            description.schema.fields[name].filterable = bool(field.get("filterable"))
    if one.indexed_fields:
        description.indexed_fields.fields.extend(one.indexed_fields)
    return description
