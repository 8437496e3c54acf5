"""The real embeddings that benchmarks run on, with their exact neighbours."""

import json
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

FOLDER = Path(__file__).resolve().parents[2] / "shared" / "data" / "packages50k"
SHARDS = 1000


@dataclass(frozen=True)
class Packages:
    """`vectors` (n, 384) and `queries` (m, 384) are unit-length float32; `metadata` one dict a row.

    `shard` is random in [0, SHARDS): `{"shard": {"$lt": k}}` matches k / SHARDS of the rows.
    """

    ids: list[str]
    vectors: np.ndarray
    queries: np.ndarray
    metadata: list[dict[str, str | int]]
    shards: np.ndarray

    def neighbours(self, queries: np.ndarray, rows: np.ndarray, top_k: int) -> np.ndarray:
        """The k-th best cosine of each query among `rows`, (m,): the bar that a hit must reach."""
        similarities = queries @ self.vectors[rows].T
        k = min(top_k, len(rows))
        return np.partition(similarities, -k, axis=1)[:, -k]


def load(limit: int | None = None) -> Packages:
    """Read the data; ends the program with a clear word where it is missing."""
    if not FOLDER.is_dir():
        sys.exit(f"This benchmark needs the embeddings at {FOLDER}.")
    vectors = np.load(FOLDER / "vectors.f16.npy")[:limit].astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    queries = np.load(FOLDER / "queries.f16.npy").astype(np.float32)
    queries /= np.linalg.norm(queries, axis=1, keepdims=True)
    with (FOLDER / "records.jsonl").open() as lines:
        records = [json.loads(line) for line, _ in zip(lines, range(len(vectors)), strict=False)]
    shards = np.random.default_rng(7).integers(0, SHARDS, len(vectors))
    metadata = [
        {"section": record["section"], "size": record["size"], "shard": int(shard)}
        for record, shard in zip(records, shards, strict=True)
    ]
    return Packages([record["id"] for record in records], vectors, queries, metadata, shards)
