"""Graphs and plans: recall, exactness, and what happens where a graph is not enough."""

import numpy as np
import numpy.typing as npt
import pytest

from dataplane.engine.namespace import Namespace
from dataplane.engine.planner import Planner, Way
from dataplane.engine.spec import IndexSpec, Metric
from storage.write_log.operations import DeleteOperation, UpsertOperation
from tests.dataplane.engine.spaces import hits, ids, query
from tests.property.model import Model
from tests.support.workshop import Workshop

DIMENSION = 32
RECORDS = 3_000
SEGMENTS = 3
# Walks even where a scan would be as quick, so that small parts have graphs.
EAGER = Planner(nodes_per_candidate=1, node_cost=0)
Matrix = npt.NDArray[np.float32]


@pytest.fixture(scope="module", params=[str(metric) for metric in Metric])
def metric(request: pytest.FixtureRequest) -> Metric:
    return Metric(request.param)


def clustered(count: int, *, seed: int) -> Matrix:
    """Points around the same centres for every seed, of very different lengths."""
    random = np.random.default_rng(seed)
    centres = np.random.default_rng(0).normal(size=(40, DIMENSION))
    points = centres[random.integers(0, 40, count)] + random.normal(
        scale=0.6, size=(count, DIMENSION)
    )
    lengths = random.lognormal(sigma=0.7, size=(count, 1))
    return (lengths * points / np.linalg.norm(points, axis=1, keepdims=True)).astype(np.float32)


class World:
    """Three segments with graphs, their workshop, and brute force over the same rows."""

    def __init__(self, metric: Metric) -> None:
        self.metric = metric
        self.vectors = clustered(SEGMENTS * RECORDS, seed=1)
        self.queries = clustered(60, seed=2)
        self.names = [f"id-{row:05}" for row in range(len(self.vectors))]
        spec = IndexSpec(DIMENSION, metric)
        self.namespace = Namespace(spec, EAGER)
        self.workshop = Workshop(spec, EAGER)
        for number in range(SEGMENTS):
            part = slice(number * RECORDS, (number + 1) * RECORDS)
            metadata = [b'{"half":%d,"row":%d}' % (row % 2, row) for row in range(len(self.names))]
            operation = UpsertOperation(
                self.names[part], self.vectors[part], [None] * RECORDS, metadata[part]
            )
            self.namespace.apply(number + 1, operation)
            self.workshop.build([(number + 1, operation)])
        self.workshop.adopt(self.namespace)

    def best(self, target: Matrix, top_k: int, rows: npt.NDArray[np.int64]) -> list[str]:
        wide, query_ = self.vectors[rows].astype(np.float64), target.astype(np.float64)
        if self.metric is Metric.EUCLIDEAN:
            keys = ((wide - query_) ** 2).sum(axis=1)
        else:
            keys = -(wide @ query_)
            if self.metric is Metric.COSINE:
                keys /= np.linalg.norm(wide, axis=1)
        return [self.names[rows[at]] for at in np.argsort(keys, kind="stable")[:top_k]]

    def recall(
        self, top_k: int, rows: npt.NDArray[np.int64], where: dict[str, object] | None = None
    ) -> tuple[float, set[str]]:
        found, paths = 0, set()
        for target in self.queries:
            answer = query(self.namespace, target, top_k=top_k, where=where)
            assert len(answer.matches) == min(top_k, len(rows))
            found += len(set(ids(answer)) & set(self.best(target, top_k, rows)))
            paths.add(answer.path)
        return found / (len(self.queries) * min(top_k, len(rows))), paths


@pytest.fixture(scope="module")
def world(metric: Metric) -> World:
    return World(metric)


EVERYTHING = np.arange(SEGMENTS * RECORDS)


def test_recall_through_three_graphs_is_high(world: World) -> None:
    share, paths = world.recall(10, EVERYTHING)
    assert paths == {"graph=3"}
    assert share >= 0.98


def test_recall_behind_a_filter_on_half_of_the_records_is_high(world: World) -> None:
    share, paths = world.recall(10, EVERYTHING[::2], {"half": 0})
    assert "graph=3" in paths
    assert share >= 0.98


def test_a_narrow_filter_is_answered_exactly(world: World) -> None:
    share, paths = world.recall(10, EVERYTHING[:40], {"row": {"$lt": 40}})
    assert paths == {"exact=3"}
    assert share == 1


def test_a_top_k_that_is_a_large_share_is_answered_exactly(world: World) -> None:
    share, paths = world.recall(1_000, EVERYTHING)
    assert paths == {"scan=3"}
    assert share == 1


def test_more_than_there_is_gives_all_there_is(world: World) -> None:
    answer = query(world.namespace, world.queries[0], top_k=10_000)
    assert sorted(ids(answer)) == world.names


def test_scores_through_a_graph_are_exact(world: World) -> None:
    target = world.queries[0]
    through_graph = query(world.namespace, target, top_k=5)
    exact = query(world.namespace, target, top_k=9_000)
    scores = {match.id: match.score for match in exact.matches}
    assert through_graph.path == "graph=3"
    assert all(scores[match.id] == match.score for match in through_graph.matches)


def test_a_filter_that_the_walk_misses_falls_back_to_exact_search() -> None:
    # Half of the records match, all of them far from the query.
    spec = IndexSpec(DIMENSION, Metric.COSINE)
    vectors = clustered(2 * RECORDS, seed=3)
    far = np.arange(2 * RECORDS) % 2 == 1
    vectors[:, 0] = np.where(far, -5, 5)
    metadata = [b'{"far":true}' if is_far else b'{"far":false}' for is_far in far]
    names = [f"id-{row:05}" for row in range(2 * RECORDS)]
    operation = UpsertOperation(names, vectors, [None] * len(names), metadata)
    workshop = Workshop(spec, EAGER)
    workshop.build([(1, operation)])
    namespace = workshop.open()
    target = np.zeros(DIMENSION, np.float32)
    target[0] = 1
    answer = query(namespace, target, where={"far": True})
    assert answer.path == "fallback=1"
    cosines = np.where(far, vectors[:, 0] / np.linalg.norm(vectors, axis=1), -2)
    assert set(ids(answer)) == {names[row] for row in np.argsort(-cosines)[:10]}


def test_the_neighbours_of_deleted_records_are_found() -> None:
    world = World(Metric.COSINE)
    target = world.queries[0]
    near = world.best(target, 300, EVERYTHING)
    world.namespace.apply(SEGMENTS + 1, DeleteOperation(near))
    left = np.array([row for row in EVERYTHING if world.names[row] not in set(near)])
    answer = query(world.namespace, target)
    assert len(answer.matches) == 10
    assert len(set(ids(answer)) & set(world.best(target, 10, left))) >= 9


def test_zero_queries_do_not_walk() -> None:
    world = World(Metric.COSINE)
    answer = query(world.namespace, np.zeros(DIMENSION), top_k=3)
    assert answer.path == "scan=3"
    assert ids(answer) == world.names[:3]


@pytest.mark.parametrize("metric_", list(Metric))
def test_scores_that_float32_cannot_tell_apart_are_ordered_exactly(metric_: Metric) -> None:
    # The products differ in the 9th digit: a float32 sum of 384 terms is wrong in the 6th.
    random = np.random.default_rng(8)
    base = random.normal(size=384)
    vectors = (base + 1e-6 * random.normal(size=(2_000, 384))).astype(np.float32)
    names = [f"id-{row:05}" for row in range(len(vectors))]
    model = Model(str(metric_))
    namespace = Namespace(IndexSpec(384, metric_))
    operation = UpsertOperation(names, vectors, [None] * 2_000, [None] * 2_000)
    namespace.apply(1, operation)
    model.apply(operation)
    target = random.normal(size=384).astype(np.float32)
    for top_k in (1, 10, 500):
        expected = model.query(target, None, top_k, {})
        assert hits(query(namespace, target, top_k=top_k)) == expected


def test_plans_follow_selectivity() -> None:
    planner, shape = Planner(), (12_500, 384)

    def way(top_k: int, matching: int) -> Way:
        return planner.plan(top_k, matching, shape, expansion=96).way

    assert way(10, 125) is Way.EXACT
    assert way(10, 12_500) is Way.GRAPH
    assert way(10, 8_000) is Way.GRAPH
    assert way(2_000, 12_500) is Way.SCAN
    assert planner.plan(10, 12_500, shape, expansion=None).way is Way.SCAN
    assert planner.plan(10, 500, shape, expansion=None).way is Way.EXACT


def test_the_fewer_match_the_more_candidates_are_asked_for() -> None:
    planner, shape = Planner(), (100_000, 384)
    half = planner.plan(10, 50_000, shape, expansion=96)
    fifth = planner.plan(10, 20_000, shape, expansion=96)
    assert fifth.way is half.way is Way.GRAPH
    assert fifth.candidates > half.candidates >= 20


def test_graphs_pay_only_past_a_size() -> None:
    assert not Planner().is_graph_worth((5_000, 384))
    assert Planner().is_graph_worth((10_000, 384))
    assert not Planner().is_graph_worth((100_000, 0))
