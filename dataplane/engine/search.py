"""The search over all parts of a namespace: candidates per part, then one exact order."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from pyroaring import BitMap

from dataplane.engine.evaluation import Budget
from dataplane.engine.filters import Expression
from dataplane.engine.memtable import Memtable
from dataplane.engine.metadata_index import Rows, rows_of
from dataplane.engine.part import Part
from dataplane.engine.planner import DEFAULT_PLANNER, Plan, Planner, Way
from dataplane.engine.scoring import (
    Float64,
    Keys,
    Target,
    approximate_keys,
    error_bound,
    exact_scores,
    keys_of_scores,
    norms_for,
)
from dataplane.engine.together import Together

# Fetching this many rows at a time keeps them in the cache until they are multiplied.
_GATHER_ROWS = 256
# So few candidates of a part are not worth a choice of its own before all parts are compared.
_FEW_ROWS = 1024
# So few in all are scored exactly without keys before.
_FEW_IN_ALL = 64
_ROUNDING: float = 2.0**-22
_LEAST_KEY = float(np.finfo(np.float32).min)


class Hit(NamedTuple):
    """One result: where it lies and its score."""

    part: Part
    row: int
    score: float


@dataclass(slots=True, eq=False)
class Candidates:
    """Rows of a part that may be among the best, with keys that are wrong by at most `error`.

    A walk's candidates get their keys only where all candidates together are too many.
    """

    part: Part
    rows: Rows
    keys: Keys | None = None
    sparse: Float64 | None = None
    error: float = 0.0

    def at(self, chosen: npt.NDArray[np.intp] | npt.NDArray[np.bool_]) -> "Candidates":
        keys = None if self.keys is None else self.keys[chosen]
        sparse = None if self.sparse is None else self.sparse[chosen]
        return Candidates(self.part, self.rows[chosen], keys, sparse, self.error)

    def best(self, top_k: int) -> "Candidates":
        """Without the rows that cannot be among the best."""
        keys = self.keys
        if keys is None or len(keys) <= max(top_k, _FEW_ROWS):
            return self
        return self.at(np.flatnonzero(keys >= _threshold(keys, top_k, self.error)))


@dataclass(frozen=True, slots=True)
class Question:
    """What is searched for, who plans the way, and with what it arrived."""

    target: Target
    top_k: int
    expression: Expression | None = None
    planner: Planner = DEFAULT_PLANNER
    together: Together | None = None


def search(parts: Sequence[Part], question: Question) -> tuple[list[Hit], str]:
    """The best hits in order (equal scores by id), and which way answered how many parts.

    There are min(top_k, matching records) of them; on a sparse index, records that share no
    index with the query do not match.
    """
    found: list[Candidates] = []
    ways: Counter[str] = Counter()
    budget = Budget(sum(part.row_count for part in parts))
    for part in parts:
        if part.live_count:
            candidates, way = _search_part(part, question, budget)
            found.append(candidates)
            ways[way] += 1
    path = " ".join(f"{way}={count}" for way, count in sorted(ways.items()))
    return _order(found, question.target, question.top_k), path


def _search_part(part: Part, question: Question, budget: Budget) -> tuple[Candidates, str]:
    target, top_k, planner = question.target, question.top_k, question.planner
    expression = question.expression
    matching = None if expression is None else part.matching(expression, budget)
    count = part.live_count if matching is None else len(matching)
    expansion = part.graph.expansion if part.graph is not None and target.may_walk else None
    chosen = planner.plan(top_k, count, part.vectors.shape, expansion=expansion)
    name = "memtable" if isinstance(part, Memtable) else str(chosen.way)
    if chosen.way is Way.GRAPH:
        walked = _walk(part, target, chosen, matching)
        if len(walked.rows) >= min(top_k, count):
            return walked, name
        chosen, name = planner.exact_plan(count, part.vectors.shape), "fallback"
    if target.is_sparse_only:
        return _score_sparse(part, target, matching).best(top_k), name
    rows = _rows_to_score(part, matching)
    together = question.together if expression is None else None
    scored = _score(part, target, rows, is_gather=chosen.way is Way.EXACT, together=together)
    return scored.best(top_k), name


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


def _walk(part: Part, target: Target, chosen: Plan, matching: BitMap | None) -> Candidates:
    if part.graph is None:
        raise AssertionError("a walk was planned for a part without a graph")
    rows = part.graph.search(target.direction, chosen.candidates, chosen.expansion)
    if matching is not None:
        rows = rows_of(BitMap(rows.tolist()) & matching)
    elif part.tombstones.deleted_count:
        rows = rows[part.tombstones.live[rows]]
    return Candidates(part, rows)


def _score(
    part: Part,
    target: Target,
    rows: Rows | None,
    *,
    is_gather: bool,
    together: Together | None = None,
) -> Candidates:
    """Candidates for these rows, or for all; without `is_gather` all rows are multiplied."""
    wanted = np.arange(part.row_count, dtype=np.uint32) if rows is None else rows
    sparse = None if target.sparse is None else part.sparse.dot_at(target.sparse, wanted)
    if part.needs_float64 or target.needs_float64:
        scores = exact_scores(part.vectors[wanted], target, sparse)
        return Candidates(part, wanted, keys_of_scores(scores, target.metric), sparse, 0.0)
    if is_gather:
        keys = _gathered_keys(part, target, wanted)
    else:
        keys = _scanned_keys(part, target, rows, together)
    if sparse is not None:
        keys = keys + sparse
    return Candidates(part, wanted, keys, sparse, error_bound(part, target))


def _scanned_keys(part: Part, target: Target, rows: Rows | None, together: Together | None) -> Keys:
    keys = None if together is None else together.scanned_keys(part, target)
    if keys is None:
        keys = approximate_keys(part.vectors, norms_for(part, target.metric), target)
    return keys if rows is None else keys[rows]


def _gathered_keys(part: Part, target: Target, rows: Rows) -> Keys:
    vectors, norms = part.vectors, norms_for(part, target.metric)
    if len(rows) <= _GATHER_ROWS:
        return approximate_keys(vectors[rows], norms[rows], target)
    buffer = np.empty((_GATHER_ROWS, vectors.shape[1]), np.float32)
    keys = np.empty(len(rows), np.float32)
    for start in range(0, len(rows), _GATHER_ROWS):
        chunk = rows[start : start + _GATHER_ROWS]
        gathered = buffer[: len(chunk)]
        # Without mode="clip" numpy fills a copy of the buffer first.
        np.take(vectors, chunk, axis=0, out=gathered, mode="clip")
        keys[start : start + len(chunk)] = approximate_keys(gathered, norms[chunk], target)
    return keys


def _threshold(keys: Keys, top_k: int, error: float) -> float:
    """The least key that may belong to one of the `top_k` best scores, rounded ones included."""
    last = float(np.partition(keys, len(keys) - top_k)[len(keys) - top_k])
    # Never below what float32 holds, so that it compares with any key.
    return max(last - error - _ROUNDING * abs(last), _LEAST_KEY)


def _order(found: list[Candidates], target: Target, top_k: int) -> list[Hit]:
    """The best of all parts, by exact score and then by id."""
    found = [candidates for candidates in _pruned(found, target, top_k) if len(candidates.rows)]
    if not found:
        return []
    vectors = _joined([candidates.part.vectors[candidates.rows] for candidates in found])
    sparse = [candidates.sparse for candidates in found if candidates.sparse is not None]
    scores = exact_scores(vectors, target, _joined(sparse) if sparse else None)
    places = [(candidates.part, row) for candidates in found for row in candidates.rows.tolist()]
    keys = keys_of_scores(scores, target.metric)
    if len(keys) > top_k:
        last = np.partition(keys, len(keys) - top_k)[len(keys) - top_k]
        chosen = np.flatnonzero(keys >= last).tolist()
    else:
        chosen = list(range(len(keys)))
    ranked = sorted((-float(keys[at]), places[at][0].ids[places[at][1]], at) for at in chosen)
    return [Hit(*places[at], float(scores[at])) for _, _, at in ranked[:top_k]]


def _pruned(found: list[Candidates], target: Target, top_k: int) -> list[Candidates]:
    if sum(len(candidates.rows) for candidates in found) <= max(top_k, _FEW_IN_ALL):
        return found
    keyed = [
        _score(candidates.part, target, candidates.rows, is_gather=True)
        if candidates.keys is None
        else candidates
        for candidates in found
    ]
    keys = _joined([candidates.keys for candidates in keyed if candidates.keys is not None])
    least = _threshold(keys, top_k, max(candidates.error for candidates in keyed))
    return [
        candidates.at(candidates.keys >= least)
        for candidates in keyed
        if candidates.keys is not None
    ]


def _joined(columns: list[Any]) -> Any:
    return columns[0] if len(columns) == 1 else np.concatenate(columns)
