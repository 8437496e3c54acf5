"""Short ways to write to a namespace and to ask it."""

from typing import Any

import numpy as np
import numpy.typing as npt
import orjson

from dataplane.engine import messages
from dataplane.engine.namespace import Namespace
from dataplane.engine.sparse import to_message
from dataplane.engine.spec import IndexSpec, Metric, VectorType
from kit.ids import new_id
from storage.write_log.operations import Operation, SparseVector, UpsertOperation

INDEX = new_id()
SPARSE = IndexSpec(None, Metric.DOTPRODUCT, VectorType.SPARSE)


def upsert(
    records: dict[str, list[float]],
    metadata: dict[str, dict[str, Any]] | None = None,
    sparse: dict[str, dict[int, float]] | None = None,
) -> UpsertOperation:
    """`sparse` maps ids to indices and values."""
    metadata, sparse = metadata or {}, sparse or {}
    width = len(next(iter(records.values())))
    return UpsertOperation(
        list(records),
        np.array(list(records.values()), np.float32).reshape(len(records), width),
        [sparse_vector(sparse[id_]) if id_ in sparse else None for id_ in records],
        [orjson.dumps(metadata[id_]) if id_ in metadata else None for id_ in records],
    )


def rows(ids: list[str], vectors: npt.NDArray[np.float32]) -> UpsertOperation:
    """Records without metadata."""
    return UpsertOperation(ids, vectors, [None] * len(ids), [None] * len(ids))


def sparse_vector(elements: dict[int, float]) -> SparseVector:
    ordered = sorted(elements)
    values = [elements[index] for index in ordered]
    return SparseVector(np.array(ordered, np.uint32), np.array(values, np.float32))


def filled(spec: IndexSpec, *operations: Operation) -> Namespace:
    """A namespace after these operations, numbered from 1."""
    namespace = Namespace(spec)
    for lsn, operation in enumerate(operations, start=1):
        namespace.apply(lsn, operation)
    return namespace


def query(
    namespace: Namespace,
    values: npt.ArrayLike | None = None,
    *,
    top_k: int = 10,
    sparse: dict[int, float] | None = None,
    where: dict[str, Any] | None = None,
    by_id: str | None = None,
    include: bool = False,
) -> messages.Matches:
    """`include` asks for values and metadata."""
    return namespace.query(
        messages.Query(
            index_id=INDEX,
            top_k=top_k,
            vector=b"" if values is None else np.asarray(values, np.float32).tobytes(),
            sparse=None if sparse is None else to_message(sparse_vector(sparse)),
            id=by_id,
            filter=None if where is None else orjson.dumps(where),
            include_values=include,
            include_metadata=include,
        )
    )


def hits(answer: messages.Matches) -> list[tuple[str, float]]:
    return [(match.id, match.score) for match in answer.matches]


def ids(answer: messages.Matches) -> list[str]:
    return [match.id for match in answer.matches]
