"""Rows that may be among the best, and which of them cannot be."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from dataplane.engine.metadata_index import Rows
from dataplane.engine.part import Part
from dataplane.engine.scoring import Float64, Keys

_ROUNDING: float = 2.0**-22
_LEAST_KEY = float(np.finfo(np.float32).min)

Chosen: TypeAlias = npt.NDArray[np.intp] | npt.NDArray[np.bool_]


@dataclass(slots=True, eq=False)
class Candidates:
    """Rows of a part that may be among the best, with keys that are wrong by at most half of
    `error`.

    A walk's candidates get their keys only where all candidates together are too many. `sparse`
    are the sparse dot products of the rows, where the query has a sparse part. Rough
    keys are wrong by so much that better ones may leave out many more rows.
    """

    part: Part
    rows: Rows
    keys: Keys | None = None
    sparse: Float64 | None = None
    error: float = 0.0
    is_rough: bool = False

    def at(self, chosen: Chosen) -> "Candidates":
        keys = None if self.keys is None else self.keys[chosen]
        sparse = None if self.sparse is None else self.sparse[chosen]
        return Candidates(self.part, self.rows[chosen], keys, sparse, self.error, self.is_rough)

    def floor(self, top_k: int) -> float:
        """What the scores of `top_k` rows reach at least: what scores less is not among the best.
        Without keys, or of fewer rows, nothing is known of it."""
        if self.keys is None or len(self.keys) < top_k:
            return -math.inf
        return _floor(self.keys, top_k, self.error)

    def reaching(self, floor: float) -> "Candidates":
        """Without the rows that are below the floor for sure; those without keys are kept."""
        if self.keys is None:
            return self
        return self.at(np.flatnonzero(self.keys >= max(floor - self.error / 2, _LEAST_KEY)))


def best_of_all(found: Sequence[Candidates], top_k: int) -> list[Candidates]:
    """Of several parts, all with keys: without the rows that cannot be among the best."""
    keys = np.concatenate([candidates.keys for candidates in found if candidates.keys is not None])
    floor = _floor(keys, top_k, max(candidates.error for candidates in found))
    return [candidates.reaching(floor) for candidates in found]


def _floor(keys: Keys, top_k: int, error: float) -> float:
    last = float(np.partition(keys, len(keys) - top_k)[len(keys) - top_k])
    return last - error / 2 - _ROUNDING * abs(last)
