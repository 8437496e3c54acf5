"""What requests about indexes ask for, in both dialects: by spec, and by schema."""

from dataclasses import dataclass
from typing import Any

import msgspec

from api.schemas.bodies import (
    CapacityChange,
    ConfigureIndexBySchema,
    ConfigureIndexBySpec,
    CreateIndexBySchema,
    CreateIndexBySpec,
    DeploymentBody,
    DeploymentChange,
    MetadataSchema,
    PlaceChange,
    PodChange,
    ReadCapacity,
    SchemaField,
    SpecChange,
    decoded,
)
from api.versions import Version
from indexes.models import VectorType
from indexes.specification import checked_capacity, checked_pods
from kit.errors import InvalidArgument
from kit.ids import random_base62

DENSE_FIELD, SPARSE_FIELD = "_values", "_sparse_values"
_DEFAULT_PLACE = DeploymentBody("managed", cloud="aws", region="us-east-1")
_MAX_TEXT = 120
_KINDS = ("serverless", "pod", "byoc")


@dataclass(frozen=True, slots=True)
class CreateWish:
    """The arguments of `indexes.lifecycle.create_index`, however they were spelt; with a source,
    of `indexes.collections.create_index_from_collection`."""

    name: str
    spec: dict[str, Any]
    dimension: int | None
    metric: str | None
    vector_type: str
    schema: dict[str, Any] | None
    tags: dict[str, str]
    is_protected: bool
    source_collection: str | None = None
    cmek_id: str | None = None


@dataclass(frozen=True, slots=True)
class ConfigureWish:
    """The arguments of `indexes.lifecycle.configure_index`."""

    tags: dict[str, str] | None
    is_protected: bool | None
    read_capacity: dict[str, Any] | None
    pods: dict[str, Any] | None = None
    kind: str | None = None


def parse_create(raw: bytes, version: Version) -> CreateWish:
    if version >= Version.V2026_01_ALPHA:
        return _from_schema(decoded(raw, CreateIndexBySchema))
    return _from_spec(decoded(raw, CreateIndexBySpec))


def parse_configure(raw: bytes, version: Version) -> ConfigureWish:
    if version >= Version.V2026_01_ALPHA:
        body = decoded(raw, ConfigureIndexBySchema)
        if body.schema is not None:
            raise InvalidArgument("The schema of this index cannot be changed.")
        return ConfigureWish(
            body.tags,
            protection_of(body.deletion_protection),
            _change_of(body.read_capacity),
            None if body.deployment is None else _pods_of(body.deployment),
        )
    old = decoded(raw, ConfigureIndexBySpec)
    if old.embed is not None:
        raise InvalidArgument("Integrated embedding is not available on this index.")
    kind, change = _changed_part(old.spec)
    return ConfigureWish(
        old.tags,
        protection_of(old.deletion_protection),
        _change_of(change.read_capacity) if isinstance(change, PlaceChange) else None,
        _pods_of(change) if isinstance(change, PodChange) else None,
        kind,
    )


def _changed_part(spec: SpecChange | None) -> tuple[str | None, PlaceChange | PodChange | None]:
    """Which kind of index is spoken of, and what is to change of it."""
    if spec is None:
        return None, None
    given = [(kind, part) for kind in _KINDS if (part := getattr(spec, kind)) is not None]
    if len(given) != 1:
        raise InvalidArgument("spec must hold exactly one of serverless, pod and byoc.")
    return given[0]


def _pods_of(change: PodChange | DeploymentChange) -> dict[str, Any]:
    """The arguments of `indexes.specification.resized`."""
    return {"shards": None, **msgspec.to_builtins(change)}


def _change_of(change: CapacityChange | None) -> dict[str, Any] | None:
    return None if change is None else _given(msgspec.to_builtins(change))


def _given(value: dict[str, Any]) -> dict[str, Any]:
    """Without what was left out."""
    return {
        name: _given(one) if isinstance(one, dict) else one
        for name, one in value.items()
        if one is not None
    }


def _from_spec(body: CreateIndexBySpec) -> CreateWish:
    given = {kind: part for kind in _KINDS if (part := getattr(body.spec, kind)) is not None}
    if len(given) != 1:
        raise InvalidArgument("spec must hold exactly one of serverless, pod and byoc.")
    ((kind, part),) = given.items()
    spec = {
        key: value
        for key, value in msgspec.to_builtins(part).items()
        if value is not None and key not in {"schema", "source_collection", "read_capacity"}
    }
    capacity = capacity_of(getattr(part, "read_capacity", None))
    if capacity is not None:
        spec["read_capacity"] = capacity
    if kind != "serverless":
        _require_plain(spec["environment"], "environment")
    return CreateWish(
        name=body.name,
        spec={kind: _checked_pods(spec) if kind == "pod" else spec},
        dimension=body.dimension,
        metric=body.metric,
        vector_type=body.vector_type,
        schema=_metadata_schema(getattr(part, "schema", None)),
        tags=body.tags or {},
        is_protected=bool(protection_of(body.deletion_protection)),
        source_collection=getattr(part, "source_collection", None),
    )


def _from_schema(body: CreateIndexBySchema) -> CreateWish:
    vector_type, field = _vector_field(body.schema.fields)
    spec = _place(body.deployment or _DEFAULT_PLACE)
    capacity = capacity_of(body.read_capacity)
    if "byoc" in spec and (capacity is None or capacity["mode"] != "Dedicated"):
        raise InvalidArgument("A byoc deployment needs read_capacity with the mode Dedicated.")
    if capacity is not None:
        next(iter(spec.values()))["read_capacity"] = capacity
    return CreateWish(
        name=f"index-{random_base62(8).lower()}" if body.name is None else body.name,
        spec=spec,
        dimension=field.dimension,
        metric=field.metric,
        vector_type=vector_type,
        schema=None,
        tags=body.tags or {},
        is_protected=bool(protection_of(body.deletion_protection)),
        cmek_id=body.cmek_id,
    )


def _vector_field(fields: dict[str, SchemaField]) -> tuple[str, SchemaField]:
    """The field that decides the kind of a vector index."""
    others = set(fields) - {DENSE_FIELD, SPARSE_FIELD}
    if others or not fields:
        raise InvalidArgument(
            f"schema.fields must hold {DENSE_FIELD} or {SPARSE_FIELD}, and nothing else: document "
            "indexes are not available on this installation, and metadata is never declared."
        )
    expected = {DENSE_FIELD: "dense_vector", SPARSE_FIELD: "sparse_vector"}
    for name, field in fields.items():
        if field.type != expected[name]:
            raise InvalidArgument(f"schema.fields.{name}.type must be {expected[name]!r}.")
    if DENSE_FIELD not in fields:
        return VectorType.SPARSE, fields[SPARSE_FIELD]
    dense = fields[DENSE_FIELD]
    if dense.metric is None:
        raise InvalidArgument(f"schema.fields.{DENSE_FIELD}.metric is required.")
    return VectorType.DENSE, dense


def _place(deployment: DeploymentBody) -> dict[str, Any]:
    if deployment.deployment_type == "managed":
        if deployment.cloud is None or deployment.region is None:
            raise InvalidArgument("A managed deployment needs a cloud and a region.")
        return {"serverless": {"cloud": deployment.cloud, "region": deployment.region}}
    if deployment.deployment_type == "byoc":
        _require_plain(deployment.environment, "environment")
        return {"byoc": {"environment": deployment.environment}}
    raise InvalidArgument(
        f"deployment_type {deployment.deployment_type[:40]!r} is not supported on this API version."
    )


def protection_of(value: str | None) -> bool | None:
    if value is None:
        return None
    if value not in {"enabled", "disabled"}:
        raise InvalidArgument("deletion_protection must be 'enabled' or 'disabled'.")
    return value == "enabled"


def capacity_of(body: ReadCapacity | None) -> dict[str, Any] | None:
    if body is None:
        return None
    if body.mode == "OnDemand":
        return {"mode": "OnDemand"}
    return checked_capacity(_given(msgspec.to_builtins(body)))


def _metadata_schema(schema: MetadataSchema | None) -> dict[str, Any] | None:
    if schema is None:
        return None
    for name, field in schema.fields.items():
        _require_plain(name, "schema.fields", is_ascii=False)
        if not field.filterable:
            raise InvalidArgument(f"schema.fields: {name!r} must be filterable or left out.")
    return {name: {"filterable": True} for name in schema.fields}


def _checked_pods(spec: dict[str, Any]) -> dict[str, Any]:
    for name in spec.get("metadata_config", {}).get("indexed") or []:
        _require_plain(name, "metadata_config.indexed", is_ascii=False)
    return checked_pods(spec)


def _require_plain(value: str | None, field: str, *, is_ascii: bool = True) -> None:
    """Text that every store and every client can carry."""
    is_plain = value is not None and value.isprintable() and 1 <= len(value) <= _MAX_TEXT
    if not is_plain or (is_ascii and not str(value).isascii()):
        raise InvalidArgument(f"{field} must have 1 to {_MAX_TEXT} printable characters.")
