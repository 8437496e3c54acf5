"""Bodies of requests as types, in both dialects: up to 2026-04, and the schema bodies since."""

from datetime import datetime
from typing import Any, TypeVar

import msgspec

from kit.errors import InvalidArgument, Unprocessable

Body = TypeVar("Body", bound=msgspec.Struct)


class Tolerant(msgspec.Struct):
    """Keys that are not known are ignored, as the older versions do."""


class Strict(msgspec.Struct, forbid_unknown_fields=True):
    """Keys that are not known are refused."""


class ManualScaling(Strict):
    shards: int
    replicas: int


class DedicatedCapacity(Strict):
    node_type: str
    scaling: str
    manual: ManualScaling


class ReadCapacity(Tolerant):
    mode: str
    dedicated: DedicatedCapacity | None = None


class ManualChange(Strict):
    shards: int | None = None
    replicas: int | None = None


class DedicatedChange(Strict):
    node_type: str | None = None
    scaling: str | None = None
    manual: ManualChange | None = None


class CapacityChange(Tolerant):
    """What is left out stays as it is."""

    mode: str | None = None
    dedicated: DedicatedChange | None = None


class FilterableField(Tolerant):
    filterable: bool = True


class MetadataSchema(Tolerant):
    fields: dict[str, FilterableField]


class ServerlessSpec(Tolerant):
    cloud: str
    region: str
    read_capacity: ReadCapacity | None = None
    source_collection: str | None = None
    schema: MetadataSchema | None = None


class MetadataConfig(Tolerant):
    indexed: list[str] | None = None


class PodSpec(Tolerant):
    environment: str
    pod_type: str = "p1.x1"
    replicas: int = 1
    shards: int = 1
    pods: int | None = None
    metadata_config: MetadataConfig | None = None
    source_collection: str | None = None


class ByocSpec(Tolerant):
    environment: str
    read_capacity: ReadCapacity | None = None
    schema: MetadataSchema | None = None


class IndexSpec(Tolerant):
    serverless: ServerlessSpec | None = None
    pod: PodSpec | None = None
    byoc: ByocSpec | None = None


class CreateIndexBySpec(Tolerant):
    name: str
    spec: IndexSpec
    dimension: int | None = None
    metric: str | None = None
    vector_type: str = "dense"
    deletion_protection: str | None = None
    tags: dict[str, str] | None = None


class PlaceChange(Tolerant):
    read_capacity: CapacityChange | None = None


class PodChange(Tolerant):
    replicas: int | None = None
    pod_type: str | None = None
    shards: int | None = None


class SpecChange(Tolerant):
    serverless: PlaceChange | None = None
    pod: PodChange | None = None
    byoc: PlaceChange | None = None


class ConfigureIndexBySpec(Tolerant):
    spec: SpecChange | None = None
    deletion_protection: str | None = None
    tags: dict[str, str] | None = None
    embed: dict[str, Any] | None = None


class CreateBackup(Tolerant):
    name: str | None = None
    description: str | None = None


class CreateBackupStrictly(Strict):
    name: str | None = None
    description: str | None = None


class CreateCollection(Tolerant):
    name: str
    source: str


class CreateCollectionStrictly(Strict):
    name: str
    source: str


class CreateIndexFromBackup(Tolerant):
    name: str
    tags: dict[str, str] | None = None
    deletion_protection: str | None = None
    read_capacity: ReadCapacity | None = None


class CreateIndexFromBackupStrictly(Strict):
    name: str
    tags: dict[str, str] | None = None
    deletion_protection: str | None = None
    read_capacity: ReadCapacity | None = None


class CreateIndexFromMoment(Strict):
    """An extension of Pinecone's API, so strict under every version."""

    name: str
    restore_to: datetime
    tags: dict[str, str] | None = None
    deletion_protection: str | None = None
    read_capacity: ReadCapacity | None = None


class SchemaField(Tolerant):
    type: str | None = None
    dimension: int | None = None
    metric: str | None = None


class FieldSchema(Strict):
    fields: dict[str, SchemaField]


class DeploymentBody(Strict):
    deployment_type: str
    cloud: str | None = None
    region: str | None = None
    environment: str | None = None


class CreateIndexBySchema(Strict):
    schema: FieldSchema
    name: str | None = None
    deployment: DeploymentBody | None = None
    read_capacity: ReadCapacity | None = None
    tags: dict[str, str] | None = None
    deletion_protection: str | None = None
    cmek_id: str | None = None


class DeploymentChange(Strict):
    """Of an index of pods."""

    replicas: int | None = None
    pod_type: str | None = None


class ConfigureIndexBySchema(Strict):
    read_capacity: CapacityChange | None = None
    tags: dict[str, str] | None = None
    deletion_protection: str | None = None
    deployment: DeploymentChange | None = None
    schema: dict[str, Any] | None = None


def decoded(raw: bytes, kind: type[Body]) -> Body:
    """The body as that type: 400 where it is not JSON, 422 where it is JSON of another shape."""
    try:
        body = msgspec.json.decode(raw, type=kind)
        raw.decode()
    except msgspec.ValidationError as error:
        raise Unprocessable(f"Failed to deserialize the JSON body: {error}.") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise InvalidArgument("The body is not valid JSON in UTF-8.") from None
    return body
