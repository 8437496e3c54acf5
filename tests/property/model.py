"""What a namespace should answer, by brute force and without any of the engine's code."""

import json
from typing import Any

import numpy as np

from storage.write_log import operations
from tests.property.filter_model import holds


class Model:
    def __init__(self, metric: str) -> None:
        self.metric = metric
        self.records: dict[str, tuple[Any, dict[int, float], dict[str, Any]]] = {}

    def apply(self, operation: operations.Operation) -> None:
        if isinstance(operation, operations.DeleteAllOperation):
            self.records.clear()
        elif isinstance(operation, operations.DeleteOperation):
            for id_ in operation.ids:
                self.records.pop(id_, None)
        elif isinstance(operation, operations.UpsertOperation):
            for row, id_ in enumerate(operation.ids):
                sparse, metadata = (
                    operation.sparse[row],
                    json.loads(operation.metadata[row] or "{}"),
                )
                self.records[id_] = (operation.values[row], _as_dict(sparse), metadata)
        else:
            for id_ in set(operation.ids) & self.records.keys():
                values, sparse, metadata = self.records[id_]
                values = values if operation.values is None else operation.values
                sparse = sparse if operation.sparse is None else _as_dict(operation.sparse)
                patch = json.loads(operation.set_metadata or "{}")
                self.records[id_] = (values, sparse, metadata | patch)

    def query(self, values: Any, sparse: Any, top_k: int, filter_: Any) -> list[tuple[str, float]]:
        scored = [
            (id_, _rounded(self._score(record, values, _as_dict(sparse))))
            for id_, record in self.records.items()
            if holds(filter_, record[2])
        ]
        if len(values) == 0:
            scored = [(id_, score) for id_, score in scored if score]
        sign = 1 if self.metric == "euclidean" else -1
        return sorted(scored, key=lambda hit: (sign * hit[1], hit[0]))[:top_k]

    def _score(self, record: Any, values: Any, sparse: dict[int, float]) -> float:
        a, b = np.asarray(record[0], np.float64), np.asarray(values, np.float64)
        if self.metric == "euclidean":
            return float(((a - b) ** 2).sum())
        if self.metric == "cosine":
            lengths = np.sqrt((a * a).sum()) * np.sqrt((b * b).sum())
            return float((a * b).sum() / lengths) if lengths else 0.0
        return float((a * b).sum()) + sum(v * sparse.get(i, 0.0) for i, v in record[1].items())


def _rounded(score: float) -> float:
    largest = float(np.finfo(np.float32).max)
    return float(np.float32(min(max(score, -largest), largest)))


def _as_dict(sparse: operations.SparseVector | None) -> dict[int, float]:
    return dict(zip(sparse.indices.tolist(), sparse.values.tolist(), strict=True)) if sparse else {}
