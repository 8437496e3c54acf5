"""Euclidean norms of rows, and where float32 is too narrow for products of such rows."""

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Float32: TypeAlias = npt.NDArray[np.float32]

# Squares of norms outside these bounds (but for zero) lose themselves in float32.
_SMALLEST_NORM, _LARGEST_NORM = 1e-15, 1e15


def vector_norms(vectors: Float32) -> Float32:
    """Euclidean norms, summed in float64; infinite where float32 cannot hold them."""
    squares = np.einsum("ij,ij->i", vectors, vectors, dtype=np.float64)
    with np.errstate(over="ignore"):
        norms: Float32 = np.sqrt(squares).astype(np.float32)
    return norms


def inverses(norms: Float32) -> Float32:
    """What scales rows to unit length; zero for rows of length zero."""
    with np.errstate(over="ignore"):
        return np.divide(1, norms, out=np.zeros_like(norms), where=norms > 0)


def needs_float64(norms: Float32) -> bool:
    """Whether products of such rows may overflow or vanish in float32."""
    given = norms[norms > 0]
    return bool(given.size) and (
        norm_needs_float64(float(given.min())) or norm_needs_float64(float(given.max()))
    )


def norm_needs_float64(norm: float) -> bool:
    """The same for one row."""
    return norm != 0 and not _SMALLEST_NORM < norm < _LARGEST_NORM
