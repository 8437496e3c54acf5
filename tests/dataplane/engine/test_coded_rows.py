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


@pytest.mark.parametrize("count", [0, 1, BLOCK_ROWS - 1, BLOCK_ROWS, 2 * BLOCK_ROWS + 5])
def test_products_are_as_wrong_as_they_say_at_most(count: int) -> None:
    vectors, factors = spiky(count, seed=count), spiky(9, seed=count + 100)
    norms = vector_norms(vectors)
    coded = CodedRows(WIDTH)
    for start in range(0, count, 300):
        coded.append(vectors[start : start + 300], norms[start : start + 300])
    ready = [CodedFactor(factor) for factor in factors]
    found = coded.products(ready)
    assert found.shape == (9, count)
    wrong = np.abs(found - factors.astype(np.float64) @ vectors.T.astype(np.float64))
    allowed = np.array([coded.error_share(factor) for factor in ready])[:, np.newaxis] * norms
    assert (wrong <= allowed).all()
    assert count < 2 or wrong.max() > 0


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
