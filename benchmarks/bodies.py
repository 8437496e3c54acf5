"""Requests of the Vector API as JSON, encoded before anything is measured."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import orjson

TOP_K = 10


def upserts(
    ids: Sequence[str], vectors: np.ndarray, metadata: Sequence[dict[str, Any]], *, batch: int
) -> list[bytes]:
    """The records in batches of so many."""
    return [
        _encoded(
            vectors=[
                {"id": ids[row], "values": vectors[row], "metadata": metadata[row]}
                for row in range(start, min(start + batch, len(ids)))
            ]
        )
        for start in range(0, len(ids), batch)
    ]


def queries(vectors: np.ndarray, condition: dict[str, Any] | None = None) -> list[bytes]:
    """One for each vector, all behind the same filter."""
    behind = {} if condition is None else {"filter": condition}
    return [_encoded(topK=TOP_K, vector=vector, **behind) for vector in vectors]


def _encoded(**body: Any) -> bytes:
    return orjson.dumps(body, option=orjson.OPT_SERIALIZE_NUMPY)
