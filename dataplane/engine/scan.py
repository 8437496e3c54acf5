"""Keys of all rows, or of chosen ones, for several queries at once: rows are read from memory once.

One product with a matrix of queries costs a fraction of as many products with vectors, which wait
for the memory. Keys differ in the order of their sums only, which `error_bound` covers.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from dataplane.engine.candidates import Candidates
from dataplane.engine.metadata_index import Rows
from dataplane.engine.part import Float32, Part
from dataplane.engine.scoring import (
    Keys,
    Target,
    Targets,
    error_bound,
    exact_scores,
    finished_keys,
    keys_of_scores,
    norms_for,
    rough_error,
)

# Fetching this many rows at a time keeps them in the cache until they are multiplied.
_GATHER_ROWS = 256


def scored_alike(
    part: Part, targets: Sequence[Target], rows: Rows | None, *, is_gather: bool
) -> list[Candidates]:
    """Candidates of each target for these rows, or for all; without `is_gather` all rows are
    multiplied."""
    wanted = np.arange(part.row_count, dtype=np.uint32) if rows is None else rows
    quick = [target for target in targets if not (part.needs_float64 or target.needs_float64)]
    products = _products(part, quick, wanted, rows, is_gather=is_gather) if quick else None
    norms = norms_for(part, targets[0].metric)
    norms = norms if rows is None else norms[rows]
    found, at = [], 0
    for target in targets:
        sparse = None if target.sparse is None else part.sparse.dot_at(target.sparse, wanted)
        if products is None or part.needs_float64 or target.needs_float64:
            found.append(_exact(part, target, wanted, sparse))
            continue
        keys = finished_keys(products[at], norms, target)
        at += 1
        if sparse is not None:
            keys = keys + sparse
        coded = None if is_gather else part.coded
        if coded is None:
            error = error_bound(part, target)
        else:
            error = rough_error(part, target, coded.error_share(target.coded))
        found.append(Candidates(part, wanted, keys, sparse, error, coded is not None))
    return found


def _exact(
    part: Part, target: Target, rows: Rows, sparse: npt.NDArray[np.float64] | None
) -> Candidates:
    owners = np.zeros(len(rows), np.intp)
    scores = exact_scores(part.vectors, rows, Targets([target]), owners, sparse=sparse)
    return Candidates(part, rows, keys_of_scores(scores, target.metric), sparse, 0.0)


def _products(
    part: Part, targets: Sequence[Target], wanted: Rows, rows: Rows | None, *, is_gather: bool
) -> list[Keys]:
    """The product of each row with each target's factor: an array of its own for each target."""
    if part.coded is not None and not is_gather:
        products = part.coded.products([target.coded for target in targets])
        return list(products) if rows is None else [row[rows] for row in products]
    vectors = part.vectors
    factors = np.stack([target.factor for target in targets])
    if is_gather:
        return list(_gathered(vectors, wanted, factors))
    is_one = len(targets) == 1
    products = (vectors @ factors[0])[np.newaxis] if is_one else factors @ vectors.T
    return list(products) if rows is None else [row[rows] for row in products]


def _gathered(vectors: Float32, rows: Rows, factors: Float32) -> Float32:
    products = np.empty((len(factors), len(rows)), np.float32)
    buffer = np.empty((min(_GATHER_ROWS, len(rows)), vectors.shape[1]), np.float32)
    for start in range(0, len(rows), _GATHER_ROWS):
        chunk = rows[start : start + _GATHER_ROWS]
        gathered = buffer[: len(chunk)]
        # Without mode="clip" numpy fills a copy of the buffer first.
        np.take(vectors, chunk, axis=0, out=gathered, mode="clip")
        if len(factors) == 1:
            products[0, start : start + len(chunk)] = gathered @ factors[0]
        else:
            products[:, start : start + len(chunk)] = factors @ gathered.T
    return products
