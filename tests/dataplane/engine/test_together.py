"""Queries that arrive together: each gets the answer that it would have got alone."""

import numpy as np
import pytest

from dataplane.engine import messages
from dataplane.engine.namespace import Namespace
from dataplane.engine.spec import IndexSpec, Metric
from kit.errors import InvalidArgument
from storage.write_log.operations import UpsertOperation
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
    assert [hits(answer) for answer in namespace.query_all(requests)] == alone


def test_one_that_is_refused_does_not_disturb_the_others() -> None:
    namespace: Namespace = filled(
        IndexSpec(2, Metric.COSINE), rows(["a", "b"], np.eye(2, dtype=np.float32))
    )
    good, bad, wild = a_query([1, 0]), a_query([1, 0, 0]), a_query([float("nan"), 0])
    refused, answer, other, _ = namespace.query_all([bad, good, wild, a_query([0, 1])])
    assert isinstance(refused, InvalidArgument)
    assert isinstance(other, InvalidArgument)
    assert hits(answer) == [("a", 1.0), ("b", 0.0)]


def test_those_behind_different_filters_and_by_id_are_answered_in_their_order() -> None:
    namespace = filled(
        IndexSpec(2, Metric.EUCLIDEAN),
        UpsertOperation(
            ["a", "b", "c"],
            np.array([[0, 0], [1, 0], [2, 0]], np.float32),
            [None] * 3,
            [b'{"n":1}', b'{"n":2}', b'{"n":1}'],
        ),
    )
    requests = [
        a_query([0, 0], filter=b'{"n":1}'),
        a_query([0, 0], filter=b'{"n":{"$gt":'),
        a_query([2, 0], filter=b'{"n":1}', top_k=1),
        a_query([], id="b"),
        a_query([], id="missing"),
        a_query([0, 0], filter=b'{"n":2}'),
    ]
    found = namespace.query_all(requests)
    assert isinstance(found[1], InvalidArgument)
    assert [[id_ for id_, _ in hits(answer)] for at, answer in enumerate(found) if at != 1] == [
        ["a", "c"], ["c"], ["b", "a", "c"], [], ["b"],
    ]  # fmt: skip
