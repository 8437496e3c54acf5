"""Rows as eight-bit numbers, for scans: a quarter of the bytes, and a bound on how wrong they are.

A row is coded by a scale of its own (symmetric scalar quantization), so no distribution has to be
known beforehand. What rounding moved is measured row by row, which bounds the error of every
product (Cauchy-Schwarz inequality): a scan by codes loses nothing that the exact one finds.
"""

from collections.abc import Sequence

import numkong
import numpy as np
import numpy.typing as npt

from dataplane.engine.growing import GrowingArray
from dataplane.engine.norms import Float32, vector_norms

# Codes are put into the order that products are quickest in, so many rows at a time.
BLOCK_ROWS = 1024
_LARGEST = 127

Int8 = npt.NDArray[np.int8]


class CodedRows:
    """The rows of a matrix (n, width) that grows at its end."""

    def __init__(self, width: int) -> None:
        self._width = width
        self._blocks: list[numkong.PackedMatrix] = []
        self._rest = GrowingArray(np.int8, width)
        self._scales = GrowingArray(np.float32)
        self._moved_share = 0.0

    @property
    def row_count(self) -> int:
        return len(self._scales)

    def append(self, rows: Float32, norms: Float32) -> None:
        """Rows (m, width) with those norms (m,), which float32 holds."""
        codes, scales, moved = _coded(rows)
        shares = np.divide(moved, norms, out=np.zeros_like(moved), where=norms > 0)
        self._moved_share = max(self._moved_share, float(shares.max(initial=0)))
        self._scales.append(scales)
        self._rest.append(codes)
        while len(self._rest) >= BLOCK_ROWS:
            rest = self._rest.rows
            self._blocks.append(numkong.dots_pack(rest[:BLOCK_ROWS]))
            self._rest = GrowingArray(np.int8, self._width)
            self._rest.append(rest[BLOCK_ROWS:])

    def products(self, factors: Sequence["CodedFactor"]) -> Float32:
        """The products of each of the factors with the rows, nearly: (len(factors), row_count)."""
        codes = np.concatenate([factor.codes for factor in factors])
        products = np.empty((len(factors), self.row_count), np.float32)
        start = 0
        for packed in self._blocks:
            found = numkong.dots_packed(codes, packed)
            products[:, start : start + BLOCK_ROWS] = np.asarray(found)
            start += BLOCK_ROWS
        if len(self._rest):
            rest = numkong.cdist(codes, self._rest.rows, "dot", out_dtype="f32")
            products[:, start:] = np.asarray(rest)
        products *= self._scales.rows
        products *= np.array([[factor.scale] for factor in factors], np.float32)
        return products

    def error_share(self, factor: "CodedFactor") -> float:
        """The most by which such a product is wrong, as a multiple of the row's norm."""
        share = self._moved_share
        # Norms of what was moved are summed in float32.
        slack = 1 + (self._width + 8) * 2.0**-22
        return (factor.norm * share + factor.moved * (1 + share)) * slack


class CodedFactor:
    """What rows are multiplied with, (width,), coded as they are."""

    def __init__(self, factor: Float32) -> None:
        wide = factor[np.newaxis]
        self.codes, scales, moved = _coded(wide)
        self.scale, self.moved = float(scales[0]), float(moved[0])
        self.norm = float(vector_norms(wide)[0])


def _coded(rows: Float32) -> tuple[Int8, Float32, Float32]:
    """Codes, what each row of them is multiplied with, and how far that is from the row."""
    scales = np.maximum(rows.max(axis=1), -rows.min(axis=1)) / np.float32(_LARGEST)
    with np.errstate(divide="ignore", over="ignore"):
        inverse = np.where(scales > 0, 1 / scales, 0)
    moved = rows * inverse[:, np.newaxis]
    np.rint(moved, out=moved)
    np.clip(moved, -_LARGEST, _LARGEST, out=moved)
    codes = moved.astype(np.int8)
    moved *= scales[:, np.newaxis]
    moved -= rows
    return codes, scales, np.sqrt(np.einsum("ij,ij->i", moved, moved))
