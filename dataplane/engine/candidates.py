"""Rows that may be among the best, and which of them cannot be."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from dataplane.engine.metadata_index import Rows
from dataplane.engine.part import Part
from dataplane.engine.scoring import Float64, Keys

# So few candidates of a part are not worth a choice of its own before all parts are compared.
_FEW_ROWS = 64
_ROUNDING: float = 2.0**-22
_LEAST_KEY = float(np.finfo(np.float32).min)

Chosen: TypeAlias = npt.NDArray[np.intp] | npt.NDArray[np.bool_]


@dataclass(slots=True, eq=False)
class Candidates:
    """Rows of a part that may be among the best, with keys that are wrong by at most `error`.

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

    def best(self, top_k: int) -> "Candidates":
        """Without the rows that cannot be among the best."""
        keys = self.keys
        if keys is None or len(keys) <= max(top_k, _FEW_ROWS):
            return self
        return self.at(np.flatnonzero(keys >= _threshold(keys, top_k, self.error)))


def best_of_all(found: Sequence[Candidates], top_k: int) -> list[Candidates]:
    """Of several parts, all with keys: without the rows that cannot be among the best."""
    keys = np.concatenate([candidates.keys for candidates in found if candidates.keys is not None])
    least = _threshold(keys, top_k, max(candidates.error for candidates in found))
    return [
        candidates.at(candidates.keys >= least)
        for candidates in found
        if candidates.keys is not None
    ]


def _threshold(keys: Keys, top_k: int, error: float) -> float:
    """The least key that may belong to one of the `top_k` best scores, rounded ones included."""
    last = float(np.partition(keys, len(keys) - top_k)[len(keys) - top_k])
    # Never below what float32 holds, so that it compares with any key.
    return max(last - error - _ROUNDING * abs(last), _LEAST_KEY)
