"""Queries that arrive together: each gets the answer that it would have got alone."""

import numpy as np
import pytest

from dataplane.engine import messages
from dataplane.engine.namespace import Namespace
from dataplane.engine.spec import IndexSpec, Metric
from kit.errors import InvalidArgument
from tests.dataplane.engine.spaces import INDEX, filled, hits, rows


def a_query(values: list[float] | np.ndarray, **changes: object) -> messages.Query:
    vector = np.asarray(values, np.float32).tobytes()
    return messages.Query(index_id=INDEX, vector=vector, **{"top_k": 5, **changes})  # type: ignore[arg-type]  # of keywords


@pytest.mark.parametrize("metric", list(Metric))
def test_answers_are_those_of_queries_alone(metric: Metric) -> None:
    random = np.random.default_rng(2)
    names = [f"id-{row}" for row in range(3000)]
    vectors = random.standard_normal((3000, 16)).astype(np.float32)
    vectors[1500:] = vectors[:1500]  # ties, to be ordered by id
    namespace = filled(IndexSpec(16, metric), rows(names, vectors))
    requests = [a_query(row, top_k=7) for row in random.standard_normal((9, 16))]
    alone = [hits(namespace.query(request)) for request in requests]
    with namespace.together(requests):
        assert [hits(namespace.query(request)) for request in requests] == alone


def test_one_that_is_refused_does_not_disturb_the_others() -> None:
    namespace: Namespace = filled(
        IndexSpec(2, Metric.COSINE), rows(["a", "b"], np.eye(2, dtype=np.float32))
    )
    good, bad, wild = a_query([1, 0]), a_query([1, 0, 0]), a_query([float("nan"), 0])
    with namespace.together([bad, good, wild, a_query([0, 1])]):
        for refused in (bad, wild):
            with pytest.raises(InvalidArgument):
                namespace.query(refused)
        assert hits(namespace.query(good)) == [("a", 1.0), ("b", 0.0)]


def test_after_the_batch_new_records_are_seen() -> None:
    namespace = filled(IndexSpec(2, Metric.COSINE), rows(["a"], np.ones((1, 2), np.float32)))
    request = a_query([1, 0])
    with namespace.together([request, a_query([0, 1])]):
        assert len(namespace.query(request).matches) == 1
    namespace.apply(2, rows(["b"], np.ones((1, 2), np.float32)))
    assert len(namespace.query(request).matches) == 2
