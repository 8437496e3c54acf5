"""Rows as eight-bit numbers, for scans: a quarter of the bytes, and a bound on how wrong they are.

A row is coded by a scale of its own (symmetric scalar quantization), so no distribution has to be
known beforehand. What rounding moved is measured row by row, which bounds the error of every
product (Cauchy-Schwarz inequality): a scan by codes loses nothing that the exact one finds.
"""

from collections.abc import Sequence

import numkong
import numpy as np
import numpy.typing as npt

from dataplane.engine.norms import Float32, vector_norms

# Rows are coded so many at a time: less than half a millisecond of work at 384 dimensions.
BLOCK_ROWS = 512
_LARGEST = 127
# Of the norms in float32 that are compared, and of the products' last scaling.
_SLACK = 1e-5

Int8 = npt.NDArray[np.int8]


class CodedRows:
    """The first `row_count` rows of a matrix that grows at its end, in blocks."""

    def __init__(self) -> None:
        self.row_count = 0
        self._blocks: list[tuple[numkong.PackedMatrix, Float32]] = []
        self._moved_share = 0.0

    def take_up(self, vectors: Float32, norms: Float32) -> None:
        """Code what has become whole blocks of the matrix (n, width) with those norms (n,)."""
        while len(vectors) - self.row_count >= BLOCK_ROWS:
            block = slice(self.row_count, self.row_count + BLOCK_ROWS)
            codes, scales, moved = _coded(vectors[block])
            self._blocks.append((numkong.dots_pack(codes), scales))
            given = norms[block]
            shares = np.divide(moved, given, out=np.zeros_like(moved), where=given > 0)
            self._moved_share = max(self._moved_share, float(shares.max()) * (1 + _SLACK))
            self.row_count += BLOCK_ROWS

    def products(self, factors: Sequence["CodedFactor"], out: Float32) -> None:
        """The products of the rows with each of the factors, nearly, into `out` (m, row_count)."""
        codes = np.concatenate([factor.codes for factor in factors])
        scales = np.array([factor.scale for factor in factors], np.float32)
        for number, (packed, row_scales) in enumerate(self._blocks):
            block = slice(number * BLOCK_ROWS, (number + 1) * BLOCK_ROWS)
            whole = np.asarray(numkong.dots_packed(codes, packed))
            np.multiply(whole, row_scales, out=out[:, block])
        out *= scales[:, np.newaxis]

    def error_share(self, factor: "CodedFactor") -> float:
        """The most by which such a product is wrong, as a multiple of the row's norm."""
        share = self._moved_share
        return (factor.norm * share + factor.moved * (1 + share)) * (1 + _SLACK)


class CodedFactor:
    """What rows are multiplied with, (width,), coded as they are."""

    def __init__(self, factor: Float32) -> None:
        wide = factor[np.newaxis]
        self.codes, scales, moved = _coded(wide)
        self.scale, self.moved = float(scales[0]), float(moved[0])
        self.norm = float(vector_norms(wide)[0])


def _coded(rows: Float32) -> tuple[Int8, Float32, Float32]:
    """Codes, what each row of them is multiplied with, and how far that is from the row."""
    scales = np.abs(rows).max(axis=1) / np.float32(_LARGEST)
    divisors = np.where(scales > 0, scales, 1).astype(np.float32)[:, np.newaxis]
    nearest = np.rint(rows / divisors)
    codes = nearest.astype(np.int8)
    nearest *= divisors
    nearest -= rows
    return codes, scales, vector_norms(nearest)
