"""What a record's metadata become when a patch is merged into them."""

import orjson

MAX_METADATA_BYTES = 40 * 1024


def merge_metadata(current: bytes | None, patch: bytes | None) -> bytes | None:
    """The keys of `patch` (a JSON object) replace or join those of `current`."""
    if not patch:
        return current
    if not current:
        return patch
    return orjson.dumps(orjson.loads(current) | orjson.loads(patch))
