"""Values to Envoy's JSON, the same bytes for the same values; and files that appear whole."""

import hashlib
import os
import secrets
from pathlib import Path
from typing import Any

import orjson

type_url = "type.googleapis.com/{}".format

Json = dict[str, Any]


def typed(message: str, **fields: Any) -> Json:
    """A `google.protobuf.Any` of that message type."""
    return {"@type": type_url(message), **fields}


def named(name: str, message: str, **fields: Any) -> Json:
    """An extension: its name beside its typed configuration."""
    return {"name": name, "typed_config": typed(message, **fields)}


def to_bytes(value: Json) -> bytes:
    # Hundreds of listeners are rendered at once, with every index that comes or goes.
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE)


def discovery(resources: list[Json]) -> bytes:
    """A discovery reply; its version is the digest of what it says."""
    digest = hashlib.sha256(to_bytes({"resources": resources})).hexdigest()[:16]
    return to_bytes({"version_info": digest, "resources": resources})


def discovered(path: Path, *, by_folder: bool = True) -> Json:
    """Where a discovery file is looked for: again when it is replaced, or anything in its folder
    is, as where links are moved."""
    watched = {"watched_directory": {"path": str(path.parent)}} if by_folder else {}
    return {"path_config_source": {"path": str(path), **watched}, "resource_api_version": "V3"}


def publish(path: Path, content: bytes) -> bool:
    """Replace the file at once, so that a watcher never sees half of it; False: it said so already.

    The folder must exist. Envoy watches the folder for the rename, therefore the temporary file
    lies in the same one.
    """
    try:
        if path.read_bytes() == content:
            return False
    except FileNotFoundError:
        pass
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    return True
