"""Scores: quick float32 keys that find candidates, and the exact scores that order them.

Keys are higher for better rows whatever the metric, and come with a bound on their error, so that
taking every row within the bound of the last wanted key loses none. Exact scores are summed in
float64 row by row, in an order that does not depend on where the row lies, and rounded to float32:
equal vectors get equal scores in every part.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from dataplane.engine.coded_rows import CodedFactor
from dataplane.engine.norms import Float32, norm_needs_float64
from dataplane.engine.part import Part
from dataplane.engine.spec import IndexSpec, Metric
from kit.errors import InvalidArgument
from storage.write_log.operations import SparseVector

Float64: TypeAlias = npt.NDArray[np.float64]
Keys: TypeAlias = npt.NDArray[np.floating]

_HALF_ULP: float = 2.0**-24
_LARGEST = float(np.finfo(np.float32).max)
_CHUNK_ROWS = 1024


@dataclass(frozen=True, eq=False)
class Target:
    """A prepared query. `direction` is what graphs and cosine keys take: of unit length unless
    the metric is Euclidean or the vector is zero. `values` has no elements on a sparse index."""

    metric: Metric
    values: Float32
    direction: Float32
    norm: float
    sparse: SparseVector | None
    needs_float64: bool

    @property
    def is_sparse_only(self) -> bool:
        """Whether the index has no dense vectors."""
        return not self.values.size

    @property
    def factor(self) -> Float32:
        """What keys multiply the rows with."""
        return self.direction if self.metric is Metric.COSINE else self.values

    @cached_property
    def coded(self) -> CodedFactor:
        return CodedFactor(self.factor)

    @property
    def may_walk(self) -> bool:
        """Whether a graph can propose rows for it."""
        return self.norm > 0 and self.sparse is None and not self.needs_float64


def prepare(spec: IndexSpec, values: Float32, sparse: SparseVector | None) -> Target:
    """The target of a query by these values. Raises `InvalidArgument` where they are not finite."""
    wide = values.astype(np.float64)
    norm = float(np.sqrt(wide @ wide))
    if not np.isfinite(norm) or (sparse is not None and not np.isfinite(sparse.values).all()):
        raise InvalidArgument("The values of a query must be finite numbers.")
    is_scaled = spec.metric is not Metric.EUCLIDEAN and norm > 0
    direction = (wide / norm).astype(np.float32) if is_scaled else values
    return Target(spec.metric, values, direction, norm, sparse, norm_needs_float64(norm))


def norms_for(part: Part, metric: Metric) -> Float32:
    """The column of the part that keys of this metric need beside the vectors."""
    return part.inverse_norms if metric is Metric.COSINE else part.norms


def finished_keys(keys: Keys, norms: Float32, target: Target) -> Keys:
    """Keys of the products of rows with the target's factor, in their place."""
    if target.metric is Metric.COSINE:
        keys *= norms
    elif target.metric is Metric.EUCLIDEAN:
        keys *= 2
        keys -= norms * norms + np.float32(target.norm * target.norm)
    return keys


def error_bound(part: Part, target: Target) -> float:
    """Twice the most by which a key of the part can be wrong (Higham, *Accuracy and Stability of
    Numerical Algorithms*, section 3.1): rows whose keys differ by more are in the right order."""
    width: int = part.vectors.shape[1]
    unit = 2 * (width + 8) * _HALF_ULP
    if target.metric is Metric.COSINE:
        return unit
    if target.metric is Metric.DOTPRODUCT:
        return unit * part.largest_norm * target.norm
    # The three terms of |a - b|² cancel: the error is that of the largest they can be.
    return unit * (part.largest_norm + target.norm) ** 2


def rough_error(part: Part, target: Target, share: float) -> float:
    """The same of keys whose products are wrong by at most `share` of the row's norm besides."""
    most = share if target.metric is Metric.COSINE else share * part.largest_norm
    return error_bound(part, target) + (4 if target.metric is Metric.EUCLIDEAN else 2) * most


class Targets:
    """Several queries as a matrix: `owners` elsewhere are numbers of its rows."""

    def __init__(self, targets: Sequence[Target]) -> None:
        """There is at least one; all are of one metric."""
        self.metric = targets[0].metric
        self.values: Float64 = np.stack([target.values for target in targets]).astype(np.float64)
        self.norms = np.array([target.norm for target in targets])


def exact_scores(
    vectors: Float32,
    rows: npt.NDArray[np.uint32],
    targets: Targets,
    owners: npt.NDArray[np.intp],
    *,
    sparse: Float64 | None = None,
) -> Float32:
    """The scores as they are returned: of each of the rows for the query that owns it. `sparse`
    are their sparse dot products."""
    scores = np.empty(len(rows))
    for start in range(0, len(rows), _CHUNK_ROWS):
        chunk = slice(start, start + _CHUNK_ROWS)
        wide = vectors[rows[chunk]].astype(np.float64)
        scores[chunk] = _wide_scores(wide, targets, owners[chunk])
    if sparse is not None:
        scores += sparse
    if targets.metric is not Metric.COSINE:
        np.clip(scores, -_LARGEST, _LARGEST, out=scores)
    rounded: Float32 = scores.astype(np.float32)
    return rounded


def _wide_scores(rows: Float64, targets: Targets, owners: npt.NDArray[np.intp]) -> Float64:
    # One query is not copied for every row; the sums are the same.
    is_one = len(targets.values) == 1
    queries = np.broadcast_to(targets.values, rows.shape) if is_one else targets.values[owners]
    if targets.metric is Metric.EUCLIDEAN:
        return _squares(rows - queries)
    products: Float64 = np.einsum("ij,ij->i", rows, queries)
    if targets.metric is Metric.DOTPRODUCT:
        return products
    lengths = np.sqrt(_squares(rows)) * targets.norms[owners]
    cosines = np.divide(products, lengths, out=np.zeros_like(products), where=lengths > 0)
    clipped: Float64 = np.clip(cosines, -1, 1)
    return clipped


def _squares(rows: Float64) -> Float64:
    squares: Float64 = np.einsum("ij,ij->i", rows, rows)
    return squares


def keys_of_scores(scores: Float32, metric: Metric) -> Float32:
    """Exact scores, turned so that higher is better."""
    return -scores if metric is Metric.EUCLIDEAN else scores
