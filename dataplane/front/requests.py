"""From what a client said to what an engine is asked: one function per operation."""

from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

from dataplane.engine import messages
from dataplane.front import checks
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
    StatsForm,
    UpdateForm,
    UpsertForm,
)
from protocol.pagination import read_token

_T = TypeVar("_T")
_MAX_TOP_K = 10_000
_MAX_RECORDS = 1000


@dataclass(frozen=True, slots=True)
class Target:
    """The index a call is for. `dimension` is None on sparse indexes. `is_pod`: it was made as a
    pod, of which more is allowed."""

    index_id: UUID
    dimension: int | None
    min_lsn: int | None = None
    is_pod: bool = False


def upsert(form: UpsertForm, target: Target) -> messages.Upsert:
    """Of records that share an id the last one stays."""
    if not 1 <= len(form.vectors) <= _MAX_RECORDS:
        raise InvalidArgument(
            f"vectors must hold 1 to {_MAX_RECORDS} records; the request holds {len(form.vectors)}."
        )
    sparse, metadata = [], []
    for number, vector in enumerate(form.vectors):
        checks.record_id(vector.id, f"vectors[{number}].id")
        metadata.append(checks.metadata_bytes(vector.metadata, f"vectors[{number}].metadata"))
        sparse.append(checks.sparse(vector.sparse, f"vectors[{number}].sparseValues"))
        if target.dimension is None and sparse[-1] is None:
            raise InvalidArgument(
                f"vectors[{number}].sparseValues: a record of a sparse index needs a value."
            )
    rows = [vector.values for vector in form.vectors]
    if target.dimension is not None or any(rows):
        checks.matrix(rows, target.dimension, "vectors[{}].values")
    last = list({vector.id: number for number, vector in enumerate(form.vectors)}.values())
    return messages.Upsert(
        index_id=target.index_id,
        namespace=checks.namespace(form.namespace),
        ids=[form.vectors[number].id for number in last],
        values=b"".join(rows[number] for number in last),
        sparse=_column(sparse, last),
        metadata=_column(metadata, last),
    )


def query(form: QueryForm, target: Target) -> messages.Query:
    if not 1 <= form.top_k <= _MAX_TOP_K:
        raise InvalidArgument(f"topK must be between 1 and {_MAX_TOP_K}; it is {form.top_k}.")
    if form.has_queries:
        raise InvalidArgument("queries is no longer supported: send one request for each query.")
    checks.scan_factor(form.scan_factor)
    checks.max_candidates(form.max_candidates)
    has_vector = bool(form.vector) or form.sparse is not None
    if has_vector and form.id:
        raise InvalidArgument("A query takes either id or vector and sparseVector, not both.")
    if not has_vector and not form.id:
        raise InvalidArgument("A query needs a vector, a sparseVector or an id.")
    if form.vector:
        checks.dense(form.vector, target.dimension, "vector", may_be_zero=True)
    return messages.Query(
        index_id=target.index_id,
        namespace=checks.namespace(form.namespace),
        min_lsn=target.min_lsn,
        top_k=form.top_k,
        vector=form.vector,
        sparse=checks.sparse(form.sparse, "sparseVector"),
        id=checks.record_id(form.id, "id") if form.id else None,
        filter=checks.filter_bytes(form.filter),
        include_values=form.include_values,
        include_metadata=form.include_metadata,
    )


def fetch(form: FetchForm, target: Target) -> messages.Fetch:
    return messages.Fetch(
        index_id=target.index_id,
        namespace=checks.namespace(form.namespace),
        min_lsn=target.min_lsn,
        ids=checks.record_ids(form.ids),
    )


def fetch_by_metadata(form: FetchByMetadataForm, target: Target) -> messages.FetchByMetadata:
    return messages.FetchByMetadata(
        index_id=target.index_id,
        namespace=checks.namespace(form.namespace),
        min_lsn=target.min_lsn,
        filter=checks.needed_filter(form.filter),
        limit=checks.limit(form.limit, largest=10_000),
        after_id=read_token(form.pagination_token),
    )


def list_ids(form: ListForm, target: Target) -> messages.ListIds:
    return messages.ListIds(
        index_id=target.index_id,
        namespace=checks.namespace(form.namespace),
        min_lsn=target.min_lsn,
        prefix=checks.prefix(form.prefix),
        limit=checks.limit(form.limit, largest=100),
        after_id=read_token(form.pagination_token),
    )


def update(form: UpdateForm, target: Target) -> messages.Update:
    if bool(form.id) == bool(form.filter):
        raise InvalidArgument("An update takes either id or filter.")
    if form.filter and (form.values or form.sparse):
        raise InvalidArgument("An update by filter sets metadata only: leave out the values.")
    if form.is_dry_run and not form.filter:
        raise InvalidArgument("dryRun is for updates by filter.")
    set_metadata = checks.metadata_bytes(form.set_metadata, "setMetadata")
    if form.filter and set_metadata is None and not form.is_dry_run:
        raise InvalidArgument("An update by filter needs setMetadata.")
    if form.values:
        checks.dense(form.values, target.dimension, "values", may_be_zero=False)
    return messages.Update(
        index_id=target.index_id,
        namespace=checks.namespace(form.namespace),
        id=checks.record_id(form.id, "id") if form.id else None,
        filter=checks.filter_bytes(form.filter),
        values=form.values,
        sparse=checks.sparse(form.sparse, "sparseValues"),
        set_metadata=set_metadata,
        is_dry_run=form.is_dry_run,
    )


def delete(form: DeleteForm, target: Target) -> messages.Delete:
    if [bool(form.ids), form.is_all, bool(form.filter)].count(True) != 1:
        raise InvalidArgument("A delete takes exactly one of ids, deleteAll and filter.")
    return messages.Delete(
        index_id=target.index_id,
        namespace=checks.namespace(form.namespace),
        ids=checks.record_ids(form.ids) if form.ids else [],
        is_all=form.is_all,
        filter=checks.filter_bytes(form.filter),
    )


def stats(form: StatsForm, target: Target) -> messages.DescribeStats:
    if form.filter and not target.is_pod:
        raise InvalidArgument("Stats cannot be filtered on this index: leave out the filter.")
    return messages.DescribeStats(index_id=target.index_id, filter=checks.filter_bytes(form.filter))


def list_namespaces(form: ListNamespacesForm, target: Target) -> messages.ListNamespaces:
    return messages.ListNamespaces(
        index_id=target.index_id,
        prefix=checks.prefix(form.prefix),
        limit=checks.limit(form.limit, largest=100),
        after_name=read_token(form.pagination_token),
    )


def describe_namespace(form: NamespaceForm, target: Target) -> messages.DescribeNamespace:
    return messages.DescribeNamespace(
        index_id=target.index_id, namespace=checks.namespace(form.namespace)
    )


def delete_namespace(form: NamespaceForm, target: Target) -> messages.DeleteNamespace:
    return messages.DeleteNamespace(
        index_id=target.index_id, namespace=checks.namespace(form.namespace)
    )


def create_namespace(form: CreateNamespaceForm, target: Target) -> messages.CreateNamespace:
    name = checks.namespace(form.name)
    if not form.name:
        raise InvalidArgument("name must have 1 to 512 printable ASCII characters.")
    return messages.CreateNamespace(
        index_id=target.index_id, namespace=name, schema=checks.schema_bytes(form.schema)
    )


def _column(values: list[_T | None], rows: list[int]) -> list[_T | None]:
    """The values of those rows; an empty list where there is none at all."""
    chosen = [values[row] for row in rows]
    return chosen if any(value is not None for value in chosen) else []
