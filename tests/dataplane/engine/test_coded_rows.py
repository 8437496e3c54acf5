"""Rows in eight bits: never further from the truth than they say, and no answer changed by them."""

import numpy as np
import numpy.typing as npt
import pytest

from dataplane.engine.coded_rows import BLOCK_ROWS, CodedFactor, CodedRows
from dataplane.engine.norms import vector_norms
from dataplane.engine.spec import IndexSpec, Metric
from storage.write_log.operations import DeleteOperation
from tests.dataplane.engine.spaces import filled, ids, query, rows

WIDTH = 48
Matrix = npt.NDArray[np.float32]


def spiky(count: int, seed: int) -> Matrix:
    """Rows of very different lengths, with components that stand out, and some zeros."""
    random = np.random.default_rng(seed)
    points = random.normal(size=(count, WIDTH)) ** 3
    points *= random.lognormal(sigma=2, size=(count, 1))
    points[::97] = 0
    return points.astype(np.float32)


def test_only_whole_blocks_are_coded() -> None:
    vectors = spiky(2 * BLOCK_ROWS + 5, seed=1)
    coded = CodedRows()
    coded.take_up(vectors[: BLOCK_ROWS - 1], vector_norms(vectors[: BLOCK_ROWS - 1]))
    assert coded.row_count == 0
    coded.take_up(vectors, vector_norms(vectors))
    assert coded.row_count == 2 * BLOCK_ROWS


@pytest.mark.parametrize("seed", range(5))
def test_products_are_as_wrong_as_they_say_at_most(seed: int) -> None:
    vectors, factors = spiky(BLOCK_ROWS, seed=seed), spiky(9, seed=seed + 100)
    norms = vector_norms(vectors)
    coded = CodedRows()
    coded.take_up(vectors, norms)
    found = np.empty((len(factors), BLOCK_ROWS), np.float32)
    ready = [CodedFactor(factor) for factor in factors]
    coded.products(ready, found)
    wrong = np.abs(found - factors.astype(np.float64) @ vectors.T.astype(np.float64))
    allowed = np.array([coded.error_share(factor) for factor in ready])[:, np.newaxis] * norms
    assert (wrong <= allowed).all()
    assert wrong.max() > 0


@pytest.mark.parametrize("metric", list(Metric))
@pytest.mark.parametrize("top_k", [1, 10, 300])
def test_the_log_is_searched_exactly(metric: Metric, top_k: int) -> None:
    vectors = spiky(3 * BLOCK_ROWS, seed=7)
    names = [f"id-{row:05}" for row in range(len(vectors))]
    gone = names[5::11]
    namespace = filled(IndexSpec(WIDTH, metric), rows(names, vectors), DeleteOperation(gone))
    live = np.setdiff1d(np.arange(len(vectors)), np.arange(len(vectors))[5::11])
    for target in spiky(20, seed=8)[1:]:
        answer = query(namespace, target, top_k=top_k)
        assert ids(answer) == best(vectors, live, target, metric, names)[:top_k]


def best(
    vectors: Matrix, live: npt.NDArray[np.int64], target: Matrix, metric: Metric, names: list[str]
) -> list[str]:
    """In order of the scores as they are returned, equal ones by id."""
    wide, asked = vectors[live].astype(np.float64), target.astype(np.float64)
    keys = ((wide - asked) ** 2).sum(axis=1) if metric is Metric.EUCLIDEAN else -(wide @ asked)
    if metric is Metric.COSINE:
        lengths = np.linalg.norm(wide, axis=1) * np.linalg.norm(asked)
        keys = np.divide(keys, lengths, out=np.zeros_like(keys), where=lengths > 0)
    rounded = keys.astype(np.float32).tolist()
    ranked = sorted(zip(rounded, (names[row] for row in live), strict=True))
    return [name for _, name in ranked]
