"""Reading the REST face's JSON bodies into forms; wrong types are named by their path."""

import re
import struct
from collections.abc import Generator
from typing import Annotated, Any, TypeVar

import msgspec
import numpy as np

from kit.errors import InvalidArgument
from protocol.forms import (
    CreateNamespaceForm,
    DeleteForm,
    FetchByMetadataForm,
    QueryForm,
    SparseForm,
    StartImportForm,
    StatsForm,
    UpdateForm,
    UpsertForm,
    VectorForm,
)

# So much of a large body is read at once: in a few tenths of a millisecond.
_PIECE_BYTES = 32 * 1024

_Uint32 = Annotated[int, msgspec.Meta(ge=0, le=2**32 - 1)]


class _Body(msgspec.Struct, rename="camel"):
    """camelCase on the wire; unknown names are passed over, since newer clients send more."""


class _Sparse(_Body):
    indices: list[_Uint32] = []
    values: list[float] = []


class _Vector(_Body):
    id: str = ""
    values: list[float] | None = None
    sparse_values: _Sparse | None = None
    metadata: dict[str, Any] | None = None


class _Upsert(_Body):
    vectors: list[msgspec.Raw] = []
    namespace: str | None = None


class _Query(_Body):
    namespace: str | None = None
    top_k: int = 0
    id: str | None = None
    vector: list[float] | None = None
    sparse_vector: _Sparse | None = None
    filter: dict[str, Any] | None = None
    include_values: bool | None = None
    include_metadata: bool | None = None
    queries: list[Any] | None = None
    scan_factor: float | None = None
    max_candidates: int | None = None


class _FetchByMetadata(_Body):
    namespace: str | None = None
    filter: dict[str, Any] | None = None
    limit: int | None = None
    pagination_token: str | None = None


class _Update(_Body):
    namespace: str | None = None
    id: str | None = None
    values: list[float] | None = None
    sparse_values: _Sparse | None = None
    set_metadata: dict[str, Any] | None = None
    filter: dict[str, Any] | None = None
    dry_run: bool | None = None


class _Delete(_Body):
    namespace: str | None = None
    ids: list[str] | None = None
    delete_all: bool | None = None
    filter: dict[str, Any] | None = None


class _Stats(_Body):
    filter: dict[str, Any] | None = None


class _Field(_Body):
    filterable: bool


class _Schema(_Body):
    fields: dict[str, _Field]


class _CreateNamespace(_Body):
    name: str = ""
    schema: _Schema | None = None


class _ErrorMode(_Body):
    on_error: str | None = None


class _StartImport(_Body):
    uri: str = ""
    integration_id: str | None = None
    error_mode: _ErrorMode | None = None


def upsert(body: bytes) -> UpsertForm:
    pieces = upsert_in_pieces(body)
    while True:
        try:
            next(pieces)
        except StopIteration as end:
            form: UpsertForm = end.value
            return form


def upsert_in_pieces(body: bytes) -> Generator[None, None, UpsertForm]:
    """Pauses after each piece of the body, so that others may be served in between."""
    read = _read(_UPSERT, body)
    vectors: list[VectorForm] = []
    read_bytes = 0
    for number, raw in enumerate(read.vectors):
        vectors.append(_vector(_read(_VECTOR, raw, f"vectors[{number}]")))
        read_bytes += len(memoryview(raw))
        if read_bytes > _PIECE_BYTES:
            read_bytes = 0
            yield
    return UpsertForm(namespace=read.namespace or "", vectors=vectors)


def query(body: bytes) -> QueryForm:
    read = _read(_QUERY, body)
    return QueryForm(
        namespace=read.namespace or "",
        top_k=read.top_k,
        id=read.id or "",
        vector=float32_bytes(read.vector),
        sparse=_sparse(read.sparse_vector),
        filter=read.filter,
        include_values=bool(read.include_values),
        include_metadata=bool(read.include_metadata),
        has_queries=bool(read.queries),
        scan_factor=read.scan_factor,
        max_candidates=read.max_candidates,
    )


def fetch_by_metadata(body: bytes) -> FetchByMetadataForm:
    read = _read(_FETCH_BY_METADATA, body)
    return FetchByMetadataForm(read.namespace or "", read.filter, read.limit, read.pagination_token)


def update(body: bytes) -> UpdateForm:
    read = _read(_UPDATE, body)
    return UpdateForm(
        namespace=read.namespace or "",
        id=read.id or "",
        values=float32_bytes(read.values),
        sparse=_sparse(read.sparse_values),
        set_metadata=read.set_metadata,
        filter=read.filter,
        is_dry_run=bool(read.dry_run),
    )


def delete(body: bytes) -> DeleteForm:
    read = _read(_DELETE, body)
    return DeleteForm(
        namespace=read.namespace or "",
        ids=read.ids or [],
        is_all=bool(read.delete_all),
        filter=read.filter,
    )


def stats(body: bytes) -> StatsForm:
    """An empty body asks for everything, as `{}` does."""
    return StatsForm(_read(_STATS, body or b"{}").filter)


def create_namespace(body: bytes) -> CreateNamespaceForm:
    read = _read(_CREATE_NAMESPACE, body)
    if read.schema is None:
        return CreateNamespaceForm(read.name)
    fields = {name: field.filterable for name, field in read.schema.fields.items()}
    return CreateNamespaceForm(read.name, fields)


def start_import(body: bytes) -> StartImportForm:
    read = _read(_START_IMPORT, body)
    mode = read.error_mode.on_error if read.error_mode else None
    return StartImportForm(read.uri, read.integration_id or "", mode or "")


def float32_bytes(numbers: list[float] | None) -> bytes:
    """Rounded to float32, little-endian; what is beyond its range becomes an infinity."""
    if not numbers:
        return b""
    try:
        # Three times as fast as numpy's own conversion of a list.
        return struct.pack(f"<{len(numbers)}f", *numbers)
    except OverflowError:
        with np.errstate(over="ignore"):
            return np.array(numbers, dtype="<f4").tobytes()


def _vector(read: _Vector) -> VectorForm:
    return VectorForm(
        read.id, float32_bytes(read.values), _sparse(read.sparse_values), read.metadata
    )


def _sparse(read: _Sparse | None) -> SparseForm | None:
    if read is None or not (read.indices or read.values):
        return None
    return SparseForm(np.array(read.indices, dtype="<u4").tobytes(), float32_bytes(read.values))


_B = TypeVar("_B", bound=_Body)
_UPSERT = msgspec.json.Decoder(_Upsert)
_VECTOR = msgspec.json.Decoder(_Vector)
_QUERY = msgspec.json.Decoder(_Query)
_FETCH_BY_METADATA = msgspec.json.Decoder(_FetchByMetadata)
_UPDATE = msgspec.json.Decoder(_Update)
_DELETE = msgspec.json.Decoder(_Delete)
_STATS = msgspec.json.Decoder(_Stats)
_CREATE_NAMESPACE = msgspec.json.Decoder(_CreateNamespace)
_START_IMPORT = msgspec.json.Decoder(_StartImport)
_WHERE = re.compile(r"^(?P<what>.*) - at `\$\.?(?P<where>[^`]*)`$", re.DOTALL)


def _read(decoder: "msgspec.json.Decoder[_B]", body: bytes | msgspec.Raw, where: str = "") -> _B:
    """`where`: the place of the body in the request's."""
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as error:
        raise InvalidArgument(_worded(str(error), where)) from None
    except msgspec.DecodeError as error:
        raise InvalidArgument(f"The request body is not valid JSON: {error}.") from None
    except UnicodeDecodeError:
        raise InvalidArgument("The request body is not valid UTF-8.") from None
    except RecursionError:
        raise InvalidArgument("The request body is nested too deeply.") from None


def _worded(message: str, where: str) -> str:
    found = _WHERE.match(message)
    what = message if found is None else found["what"]
    places = [where, "" if found is None else found["where"]]
    if not any(places):
        return f"The request body is wrong: {what}."
    return f"{'.'.join(filter(None, places))}: {what}."
