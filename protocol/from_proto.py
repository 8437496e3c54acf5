"""Reading the gRPC face's messages into forms."""

from collections.abc import Iterable
from typing import Any, TypeVar

import numpy as np
from google.protobuf.message import DecodeError, Message
from google.protobuf.struct_pb2 import Struct

from kit.errors import InvalidArgument
from protocol.forms import (
    CreateNamespaceForm,
    DeleteForm,
    FetchByMetadataForm,
    FetchForm,
    ListForm,
    ListNamespacesForm,
    NamespaceForm,
    QueryForm,
    SparseForm,
    StatsForm,
    UpdateForm,
    UpsertForm,
    VectorForm,
)
from protocol.structs import plain
from protocol.v1 import vector_service_pb2 as pb

_M = TypeVar("_M", bound=Message)


def upsert(data: bytes) -> UpsertForm:
    read = _parse(pb.UpsertRequest, data)
    return UpsertForm(read.namespace, [_vector(vector) for vector in read.vectors])


def query(data: bytes) -> QueryForm:
    read = _parse(pb.QueryRequest, data)
    return QueryForm(
        namespace=read.namespace,
        top_k=read.top_k,
        id=read.id,
        vector=_float32_bytes(read.vector),
        sparse=_sparse(read.sparse_vector) if read.HasField("sparse_vector") else None,
        filter=_struct(read, "filter"),
        include_values=read.include_values,
        include_metadata=read.include_metadata,
        has_queries=bool(read.queries),
        scan_factor=read.scan_factor if read.HasField("scan_factor") else None,
        max_candidates=read.max_candidates if read.HasField("max_candidates") else None,
    )


def fetch(data: bytes) -> FetchForm:
    read = _parse(pb.FetchRequest, data)
    return FetchForm(read.namespace, list(read.ids))


def fetch_by_metadata(data: bytes) -> FetchByMetadataForm:
    read = _parse(pb.FetchByMetadataRequest, data)
    return FetchByMetadataForm(
        read.namespace,
        _struct(read, "filter"),
        read.limit if read.HasField("limit") else None,
        read.pagination_token or None,
    )


def list_ids(data: bytes) -> ListForm:
    read = _parse(pb.ListRequest, data)
    limit = read.limit if read.HasField("limit") else None
    return ListForm(read.namespace, read.prefix, limit, read.pagination_token or None)


def update(data: bytes) -> UpdateForm:
    read = _parse(pb.UpdateRequest, data)
    return UpdateForm(
        namespace=read.namespace,
        id=read.id,
        values=_float32_bytes(read.values),
        sparse=_sparse(read.sparse_values) if read.HasField("sparse_values") else None,
        set_metadata=_struct(read, "set_metadata"),
        filter=_struct(read, "filter"),
        is_dry_run=read.dry_run,
    )


def delete(data: bytes) -> DeleteForm:
    read = _parse(pb.DeleteRequest, data)
    return DeleteForm(
        namespace=read.namespace,
        ids=list(read.ids),
        is_all=read.delete_all,
        filter=_struct(read, "filter"),
    )


def stats(data: bytes) -> StatsForm:
    return StatsForm(_struct(_parse(pb.DescribeIndexStatsRequest, data), "filter"))


def list_namespaces(data: bytes) -> ListNamespacesForm:
    read = _parse(pb.ListNamespacesRequest, data)
    limit = read.limit if read.HasField("limit") else None
    return ListNamespacesForm(read.prefix, limit, read.pagination_token or None)


def describe_namespace(data: bytes) -> NamespaceForm:
    return NamespaceForm(_parse(pb.DescribeNamespaceRequest, data).namespace)


def delete_namespace(data: bytes) -> NamespaceForm:
    return NamespaceForm(_parse(pb.DeleteNamespaceRequest, data).namespace)


def create_namespace(data: bytes) -> CreateNamespaceForm:
    read = _parse(pb.CreateNamespaceRequest, data)
    if not read.HasField("schema"):
        return CreateNamespaceForm(read.name)
    fields = {name: field.filterable for name, field in read.schema.fields.items()}
    return CreateNamespaceForm(read.name, fields)


def _parse(kind: type[_M], data: bytes) -> _M:
    message = kind()
    try:
        message.ParseFromString(data)
    except DecodeError:
        raise InvalidArgument(
            "The request is not a valid message of this method: it is cut off, "
            "or a string in it is not UTF-8."
        ) from None
    return message


def _vector(read: pb.Vector) -> VectorForm:
    return VectorForm(
        read.id,
        _float32_bytes(read.values),
        _sparse(read.sparse_values) if read.HasField("sparse_values") else None,
        _struct(read, "metadata"),
    )


def _sparse(read: pb.SparseValues) -> SparseForm | None:
    if not (read.indices or read.values):
        return None
    return SparseForm(np.array(read.indices, dtype="<u4").tobytes(), _float32_bytes(read.values))


def _float32_bytes(numbers: Iterable[float]) -> bytes:
    # np.array takes the container through its buffer; np.fromiter would be nine times slower.
    return np.array(numbers, dtype="<f4").tobytes()


def _struct(message: Message, field: str) -> dict[str, Any] | None:
    if not message.HasField(field):
        return None
    struct: Struct = getattr(message, field)
    return plain(struct)
