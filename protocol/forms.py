"""What a data-plane request says, before any check: the one shape both faces decode into.

Numbers are already raw little-endian bytes (float32, uint32); a number that float32 cannot hold
stands there as an infinity, which the checks refuse by name. Metadata and filters are plain values.
"""

from typing import Any

import msgspec


class SparseForm(msgspec.Struct, frozen=True):
    """Indices (uint32) and values (float32) in the order they were sent."""

    indices: bytes
    values: bytes


class VectorForm(msgspec.Struct, frozen=True):
    id: str
    values: bytes = b""
    sparse: SparseForm | None = None
    metadata: dict[str, Any] | None = None


class UpsertForm(msgspec.Struct, frozen=True):
    namespace: str
    vectors: list[VectorForm]


class QueryForm(msgspec.Struct, frozen=True, kw_only=True):
    """`has_queries`: the client used the retired list of queries. `scan_factor` and
    `max_candidates` are None where they were not given."""

    namespace: str
    top_k: int
    id: str = ""
    vector: bytes = b""
    sparse: SparseForm | None = None
    filter: dict[str, Any] | None = None
    include_values: bool = False
    include_metadata: bool = False
    has_queries: bool = False
    scan_factor: float | None = None
    max_candidates: int | None = None


class FetchForm(msgspec.Struct, frozen=True):
    namespace: str
    ids: list[str]


class FetchByMetadataForm(msgspec.Struct, frozen=True):
    namespace: str
    filter: dict[str, Any] | None = None
    limit: int | None = None
    pagination_token: str | None = None


class ListForm(msgspec.Struct, frozen=True):
    namespace: str
    prefix: str = ""
    limit: int | None = None
    pagination_token: str | None = None


class UpdateForm(msgspec.Struct, frozen=True, kw_only=True):
    namespace: str
    id: str = ""
    values: bytes = b""
    sparse: SparseForm | None = None
    set_metadata: dict[str, Any] | None = None
    filter: dict[str, Any] | None = None
    is_dry_run: bool = False


class DeleteForm(msgspec.Struct, frozen=True, kw_only=True):
    namespace: str
    ids: list[str] = []
    is_all: bool = False
    filter: dict[str, Any] | None = None


class StatsForm(msgspec.Struct, frozen=True):
    filter: dict[str, Any] | None = None


class ListNamespacesForm(msgspec.Struct, frozen=True):
    prefix: str = ""
    limit: int | None = None
    pagination_token: str | None = None


class NamespaceForm(msgspec.Struct, frozen=True):
    """Of describing and of deleting a namespace."""

    namespace: str


class CreateNamespaceForm(msgspec.Struct, frozen=True):
    """`schema` maps a field's name to whether it is filterable."""

    name: str
    schema: dict[str, bool] | None = None


class StartImportForm(msgspec.Struct, frozen=True):
    """`on_error` is empty where the request leaves it open."""

    uri: str
    integration_id: str = ""
    on_error: str = ""


class ListImportsForm(msgspec.Struct, frozen=True):
    limit: int | None = None
    pagination_token: str | None = None


class ImportForm(msgspec.Struct, frozen=True):
    """Of describing and of cancelling an import."""

    import_id: str


Form = (
    UpsertForm
    | QueryForm
    | FetchForm
    | FetchByMetadataForm
    | ListForm
    | UpdateForm
    | DeleteForm
    | StatsForm
    | ListNamespacesForm
    | NamespaceForm
    | CreateNamespaceForm
)
