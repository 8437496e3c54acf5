"""The search over all parts of a namespace: candidates per part, then one exact order.

Queries that arrived together are searched together: what they have in common is done once. Each
gets the answer that it would have got alone.
"""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np
from pyroaring import BitMap

from dataplane.engine.candidates import Candidates, best_of_all
from dataplane.engine.evaluation import Budget
from dataplane.engine.filters import Expression
from dataplane.engine.memtable import Memtable
from dataplane.engine.metadata_index import Rows, rows_of
from dataplane.engine.part import Float32, Part
from dataplane.engine.planner import DEFAULT_PLANNER, Plan, Planner, Way
from dataplane.engine.scan import scored_alike
from dataplane.engine.scoring import Target, Targets, exact_scores, keys_of_scores

# So few candidates of a part are not worth a choice of its own before all parts are compared.
_FEW_ROWS = 64
# So few in all are scored exactly without keys before.
_FEW_IN_ALL = 64
# So many times what is wanted are worth better keys than rough ones.
_MANY_MORE = 2
# The exact scores of so many rows are made in one go; they are wide.
_MOST_IN_ONE_GO = 4096


class Hit(NamedTuple):
    """One result: where it lies and its score."""

    part: Part
    row: int
    score: float


class Question(NamedTuple):
    """What is searched for, and how many."""

    target: Target
    top_k: int


class Answer(NamedTuple):
    """The best hits in order (equal scores by id), and which way answered how many parts."""

    hits: list[Hit]
    path: str


@dataclass(slots=True, eq=False)
class _Asked:
    """One question, and what was found for it so far."""

    question: Question
    found: list[Candidates] = field(default_factory=list)
    ways: Counter[str] = field(default_factory=Counter)
    # What a score has to reach, as far as is known.
    floor: float = -math.inf

    @property
    def target(self) -> Target:
        return self.question.target

    @property
    def top_k(self) -> int:
        return self.question.top_k

    @property
    def row_count(self) -> int:
        return sum(len(candidates.rows) for candidates in self.found)

    @property
    def path(self) -> str:
        return " ".join(f"{way}={count}" for way, count in sorted(self.ways.items()))

    def take(self, candidates: Candidates, way: str) -> None:
        self.found.append(candidates)
        self.ways[way] += 1

    def take_best(self, candidates: Candidates, way: str) -> None:
        """Only those that what was taken before leaves a chance."""
        if len(candidates.rows) > max(self.top_k, _FEW_ROWS):
            candidates = candidates.reaching(self.floor)
        if len(candidates.rows) > max(self.top_k, _FEW_ROWS):
            self.floor = max(self.floor, candidates.floor(self.top_k))
            candidates = candidates.reaching(self.floor)
        self.take(candidates, way)


def search(
    parts: Sequence[Part],
    questions: Sequence[Question],
    expression: Expression | None = None,
    planner: Planner = DEFAULT_PLANNER,
) -> list[Answer]:
    """The answer of each question, all behind one filter.

    Each has min(top_k, matching records) hits; on a sparse index, records that share no index
    with the query do not match. Raises `InvalidArgument` for a filter that is too expensive.
    """
    budget = Budget(sum(part.row_count for part in parts))
    asked = [_Asked(question) for question in questions]
    for part in parts:
        if part.live_count:
            matching = None if expression is None else part.matching(expression, budget)
            _search_part(part, asked, matching, planner)
    for one in asked:
        _prune(one)
    return [
        Answer(hits, one.path)
        for group in _small_enough(asked)
        for one, hits in zip(group, _ordered(group), strict=True)
    ]


def _search_part(
    part: Part, asked: Sequence[_Asked], matching: BitMap | None, planner: Planner
) -> None:
    count = part.live_count if matching is None else len(matching)
    exact = planner.exact_plan(count, part.vectors.shape)
    rest: list[tuple[_Asked, str]] = []
    for plan, group in _planned(part, asked, count, planner):
        name = "memtable" if isinstance(part, Memtable) else str(plan.way)
        if plan.way is not Way.GRAPH:
            rest += [(one, name) for one in group]
            continue
        for one, rows in zip(group, _walk(part, group, plan, matching), strict=True):
            if len(rows) >= min(one.top_k, count):
                one.take(Candidates(part, rows), name)
            else:
                rest.append((one, "fallback"))
    if rest:
        _score(part, rest, matching, is_gather=exact.way is Way.EXACT)


def _planned(
    part: Part, asked: Sequence[_Asked], count: int, planner: Planner
) -> Iterable[tuple[Plan, list[_Asked]]]:
    """Those that go the same way, together."""
    groups: dict[Plan, list[_Asked]] = {}
    plans: dict[tuple[int, bool], Plan] = {}
    for one in asked:
        kind = (one.top_k, one.target.may_walk)
        plan = plans.get(kind)
        if plan is None:
            graph = part.graph if one.target.may_walk else None
            expansion = None if graph is None else graph.expansion
            plan = planner.plan(one.top_k, count, part.vectors.shape, expansion=expansion)
            plans[kind] = plan
        groups.setdefault(plan, []).append(one)
    return groups.items()


def _walk(
    part: Part, asked: Sequence[_Asked], plan: Plan, matching: BitMap | None
) -> Iterable[Rows]:
    """The rows that the graph proposes to each, without those that do not match."""
    if part.graph is None:
        raise AssertionError("a walk was planned for a part without a graph")
    queries = np.stack([one.target.direction for one in asked])
    for rows in part.graph.search(queries, plan.candidates, plan.expansion):
        if matching is not None:
            yield rows_of(BitMap(rows.tolist()) & matching)
        elif part.tombstones.deleted_count:
            yield rows[part.tombstones.live[rows]]
        else:
            yield rows


def _score(
    part: Part, rest: Sequence[tuple[_Asked, str]], matching: BitMap | None, *, is_gather: bool
) -> None:
    """What no graph answers: all matching rows get keys."""
    dense = [(one, name) for one, name in rest if not one.target.is_sparse_only]
    for one, name in rest:
        if one.target.is_sparse_only:
            one.take_best(_score_sparse(part, one.target, matching), name)
    if not dense:
        return
    rows = _rows_to_score(part, matching)
    targets = [one.target for one, _ in dense]
    scored = scored_alike(part, targets, rows, is_gather=is_gather)
    for (one, name), candidates in zip(dense, scored, strict=True):
        one.take_best(candidates, name)


def _score_sparse(part: Part, target: Target, matching: BitMap | None) -> Candidates:
    """The rows that share something with the query: their keys are exact."""
    if target.sparse is None:
        raise AssertionError("a sparse index is searched by sparse values")
    if matching is None:
        sums = part.sparse.dot(target.sparse)
        rows = np.flatnonzero(sums).astype(np.uint32)
        if part.tombstones.deleted_count:
            rows = rows[part.tombstones.live[rows]]
        sums = sums[rows]
    else:
        rows = rows_of(matching)
        sums = part.sparse.dot_at(target.sparse, rows)
        rows, sums = rows[sums != 0], sums[sums != 0]
    return Candidates(part, rows, sums, sums, 0.0)


def _rows_to_score(part: Part, matching: BitMap | None) -> Rows | None:
    if matching is not None:
        return rows_of(matching)
    if part.tombstones.deleted_count:
        return np.flatnonzero(part.tombstones.live).astype(np.uint32)
    return None


def _prune(one: _Asked) -> None:
    """Leave out what cannot be among the best, where there is much."""
    if one.row_count <= max(one.top_k, _FEW_IN_ALL):
        return
    one.found = best_of_all([_keyed(found, one.target) for found in one.found], one.top_k)
    is_rough = any(found.is_rough for found in one.found)
    if is_rough and one.row_count > _MANY_MORE * max(one.top_k, _FEW_IN_ALL):
        one.found = best_of_all([_refined(found, one.target) for found in one.found], one.top_k)


def _refined(found: Candidates, target: Target) -> Candidates:
    """With keys of the whole vectors in place of rough ones."""
    return _keyed(replace(found, keys=None), target) if found.is_rough else found


def _keyed(found: Candidates, target: Target) -> Candidates:
    if found.keys is not None:
        return found
    (keyed,) = scored_alike(found.part, [target], found.rows, is_gather=True)
    return keyed


def _small_enough(asked: Sequence[_Asked]) -> Iterable[list[_Asked]]:
    """In their order; together no more rows than are scored in one go, unless one alone has."""
    group: list[_Asked] = []
    row_count = 0
    for one in asked:
        if group and row_count + one.row_count > _MOST_IN_ONE_GO:
            yield group
            group, row_count = [], 0
        group.append(one)
        row_count += one.row_count
    if group:
        yield group


def _ordered(asked: Sequence[_Asked]) -> list[list[Hit]]:
    """The best of all parts, by exact score and then by id."""
    scores = _exact_scores(asked)
    return [_best(one, found) for one, found in zip(asked, scores, strict=True)]


def _exact_scores(asked: Sequence[_Asked]) -> list[list[Float32]]:
    """For each of the asked the scores of its candidates, part by part; a part is read once."""
    targets = Targets([one.target for one in asked])
    by_part: dict[int, list[tuple[int, Candidates]]] = {}
    for owner, one in enumerate(asked):
        for candidates in one.found:
            by_part.setdefault(id(candidates.part), []).append((owner, candidates))
    scores: list[list[Float32]] = [[] for _ in asked]
    for found in by_part.values():
        counts = [len(candidates.rows) for _, candidates in found]
        rows = _joined([candidates.rows for _, candidates in found])
        owners = np.repeat([owner for owner, _ in found], counts)
        sums = _sums([candidates.sparse for _, candidates in found], counts)
        vectors = found[0][1].part.vectors
        summed = exact_scores(vectors, rows, targets, owners, sparse=sums)
        start = 0
        for (owner, _), count in zip(found, counts, strict=True):
            scores[owner].append(summed[start : start + count])
            start += count
    return scores


def _sums(columns: Sequence[Any], counts: Sequence[int]) -> Any:
    """Sparse dot products of all rows; zero for those of queries without a sparse part."""
    if all(column is None for column in columns):
        return None
    given = zip(columns, counts, strict=True)
    return _joined([np.zeros(count) if column is None else column for column, count in given])


def _best(one: _Asked, scores: list[Float32]) -> list[Hit]:
    """In the order in which `found` holds the parts, so are the scores."""
    if not one.row_count:
        return []
    joined = _joined(scores)
    keys = keys_of_scores(joined, one.target.metric)
    if len(keys) > one.top_k:
        last = np.partition(keys, len(keys) - one.top_k)[len(keys) - one.top_k]
        chosen = np.flatnonzero(keys >= last)
    else:
        chosen = np.arange(len(keys))
    places = _places(one.found, chosen)
    # The number keeps parts from being compared.
    negated = (-keys[chosen]).tolist()
    ids = [part.ids[row] for part, row in places]
    ranked = sorted(zip(negated, ids, range(len(ids)), strict=True))[: one.top_k]
    scores_of = joined[chosen].tolist()
    return [Hit(*places[at], scores_of[at]) for _, _, at in ranked]


def _places(found: Sequence[Candidates], chosen: Any) -> list[tuple[Part, int]]:
    """Part and row of the chosen candidates, which are numbered through all parts."""
    if len(found) == 1:
        part = found[0].part
        return [(part, row) for row in found[0].rows[chosen].tolist()]
    rows = _joined([candidates.rows for candidates in found])[chosen].tolist()
    numbers = np.repeat(range(len(found)), [len(one.rows) for one in found])[chosen].tolist()
    return [(found[number].part, row) for number, row in zip(numbers, rows, strict=True)]


def _joined(columns: list[Any]) -> Any:
    return columns[0] if len(columns) == 1 else np.concatenate(columns)
