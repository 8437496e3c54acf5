"""An index as replies show it: one body that official clients of all ages decode."""

from typing import Any

from api.schemas.index_request import DENSE_FIELD, SPARSE_FIELD
from api.versions import Version
from indexes.addresses import host_of, private_host_of
from indexes.backup_models import Backup
from indexes.models import Index
from indexes.read_capacity import is_disabled, read_status, shown_state


def render_index(index: Index, version: Version) -> dict[str, Any]:
    """New and old keys side by side, because official clients of all ages must decode it."""
    place = _rendered_place(index)
    body: dict[str, Any] = {
        "id": str(index.pk),
        "name": index.name,
        "vector_type": index.vector_type,
        "metric": index.metric,
        "host": host_of(index),
        "status": {
            "ready": index.is_ready and not is_disabled(index),
            "state": shown_state(index),
        },
        "spec": place["spec"],
        "deployment": place["deployment"],
        "read_capacity": place["read_capacity"],
        "schema": {"fields": rendered_fields(index, version)},
        "deletion_protection": "enabled" if index.is_protected else "disabled",
    }
    private = private_host_of(index)
    if private is not None:
        body["private_host"] = private
    if index.dimension is not None:
        body["dimension"] = index.dimension
    key = getattr(index.project, "encryption_key", None)
    if key is not None and version >= Version.V2026_01_ALPHA:
        body["cmek_id"] = str(key.pk)
    if index.tags or version >= Version.V2026_01_ALPHA:
        body["tags"] = index.tags or None
    return body


def _rendered_place(index: Index) -> dict[str, Any]:
    ((kind, part),) = index.spec.items()
    capacity = _rendered_capacity(index, part.get("read_capacity"))
    if kind == "pod":
        shown = ("environment", "pod_type", "replicas", "shards")
        deployment = {"deployment_type": "pod", **{key: part[key] for key in shown}}
        return {"spec": index.spec, "deployment": deployment, "read_capacity": capacity}
    spec = {**part, "read_capacity": capacity}
    if index.schema:
        spec["schema"] = {"fields": index.schema}
    if kind == "byoc":
        deployment = {"deployment_type": "byoc", "environment": part["environment"]}
    else:
        deployment = {
            "deployment_type": "managed",
            "cloud": part["cloud"],
            "region": part["region"],
        }
    return {"spec": {kind: spec}, "deployment": deployment, "read_capacity": capacity}


def _rendered_capacity(index: Index, capacity: dict[str, Any] | None) -> dict[str, Any]:
    """With its status, without which clients refuse it."""
    if capacity is None or capacity["mode"] == "OnDemand":
        return {
            "mode": "OnDemand",
            "status": {"state": "Ready", "current_replicas": None, "current_shards": None},
        }
    found = read_status(index)
    status: dict[str, Any] = {
        "state": found.state,
        "current_replicas": found.replicas,
        "current_shards": found.shards,
    }
    if found.error:
        status["error_message"] = found.error
    return {**capacity, "status": status}


def rendered_fields(index: Index | Backup, version: Version) -> dict[str, Any]:
    """The whole schema of an index, or of one that was backed up."""
    fields: dict[str, Any] = {SPARSE_FIELD: {"type": "sparse_vector"}}
    if index.dimension is not None:
        dense = {"type": "dense_vector", "dimension": index.dimension, "metric": index.metric}
        fields = {DENSE_FIELD: dense, **fields}
    filterable: dict[str, Any] = {"filterable": True}
    if version == Version.V2026_01_ALPHA:
        filterable = {"type": "string", "filterable": True}
    return {**fields, **dict.fromkeys(index.schema or (), filterable)}
