"""Collections: what requests ask for, and what replies show."""

from typing import Any

from api.schemas.bodies import CreateCollection, CreateCollectionStrictly, decoded
from api.versions import Version
from indexes.backup_models import Backup, BackupStatus


def parse_collection(raw: bytes, version: Version) -> tuple[str, str]:
    """The collection's name, and that of the index it is made of."""
    body: CreateCollection | CreateCollectionStrictly
    if version >= Version.V2026_07:
        body = decoded(raw, CreateCollectionStrictly)
    else:
        body = decoded(raw, CreateCollection)
    return body.name, body.source


def render_collection(collection: Backup) -> dict[str, Any]:
    """Sizes only once they are known. Pinecone has no word for one that could not be made."""
    ((kind, place),) = collection.spec.items()
    is_failed = collection.status == BackupStatus.FAILED
    body: dict[str, Any] = {
        "name": collection.collection_name,
        "status": "Terminated" if is_failed else str(collection.status),
        "environment": f"{place['region']}-{place['cloud']}"
        if kind == "serverless"
        else place["environment"],
    }
    if collection.dimension is not None:
        body["dimension"] = collection.dimension
    if collection.status == BackupStatus.READY:
        body["size"] = collection.size_bytes
        body["vector_count"] = collection.record_count
    if collection.failure:
        body["error_message"] = collection.failure
    return body
