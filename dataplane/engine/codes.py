"""Short codes of vectors, among which a graph is walked: their form and how rows get them.

Whatever is found by codes is scored by the float32 rows, so codes decide what is found, never a
score. Eight bits a dimension, of a range that nearly all components keep to, find as much as
sixteen and are read twice as fast; where they do not (few dimensions, outliers), sixteen are kept.
"""

import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from dataplane.engine.sampling import CANDIDATES, CHUNK_ROWS, Sample, keys_between
from dataplane.engine.spec import Metric
from kit.errors import DataLoss

Float32: TypeAlias = npt.NDArray[np.float32]

_HEADER = struct.Struct("<If")
_LARGEST = 127
# The rows that are looked at, and the share of their components that keeps to the range.
_FITTED_ROWS = 16_384
_WITHIN = 0.9999
_METRICS = {Metric.COSINE: "cos", Metric.DOTPRODUCT: "ip", Metric.EUCLIDEAN: "l2sq"}


class Kind(IntEnum):
    """Stored: never renumber."""

    BFLOAT16 = 1
    INT8 = 2


@dataclass(frozen=True, slots=True, eq=False)
class Codes:
    """How the rows of one graph were coded. `scale` and `centre` (one value a dimension) are for
    eight bits: each component is taken relative to the centre and times the scale."""

    metric: Metric
    kind: Kind = Kind.BFLOAT16
    scale: float = 1.0
    centre: Float32 | None = None

    @property
    def dtype(self) -> str:
        """As usearch calls it."""
        return "i8" if self.kind is Kind.INT8 else "bf16"

    @property
    def usearch_metric(self) -> str:
        """Between codes. Distances of unit vectors order them as their cosines do, and do not
        change where all are moved alike."""
        is_moved = self.kind is Kind.INT8 and self.metric is not Metric.DOTPRODUCT
        return "l2sq" if is_moved else _METRICS[self.metric]

    def of(self, vectors: Float32) -> npt.NDArray[Any]:
        """What usearch takes for these rows, (n, dimension) or (dimension,)."""
        if self.kind is not Kind.INT8:
            return vectors
        moved = self._moved(vectors)
        moved *= self.scale
        np.rint(moved, out=moved)
        np.clip(moved, -_LARGEST, _LARGEST, out=moved)
        return moved.astype(np.int8)

    def _moved(self, vectors: Float32) -> Float32:
        unit = _unit(vectors) if self.metric is Metric.COSINE else vectors
        return unit.copy() if self.centre is None else unit - self.centre

    def pack(self) -> bytes:
        centre = b"" if self.centre is None else self.centre.astype("<f4").tobytes()
        return _HEADER.pack(self.kind, self.scale) + centre


def chosen(sample: Sample) -> Codes:
    """The shortest codes by which the sampled rows know their neighbours."""
    codes = fitted(sample.vectors, sample.metric)
    nearest = _nearest(codes, sample)
    found = sum(sample.found(at, rows) for at, rows in enumerate(nearest))
    return codes if found >= sample.wanted else Codes(sample.metric)


def fitted(vectors: Float32, metric: Metric) -> Codes:
    """Codes of eight bits for rows like these (n, dimension); there is at least one."""
    sample = vectors[:: -(-len(vectors) // _FITTED_ROWS)]
    if metric is Metric.COSINE:
        sample = _unit(sample)
    centre = None if metric is Metric.DOTPRODUCT else sample.mean(axis=0, dtype=np.float64)
    moved = np.abs(sample if centre is None else sample - centre)
    reach = float(np.quantile(moved, _WITHIN)) or float(moved.max()) or 1.0
    return Codes(
        metric,
        Kind.INT8,
        scale=float(np.float32(_LARGEST / reach)),
        centre=None if centre is None else centre.astype(np.float32),
    )


def _nearest(codes: Codes, sample: Sample) -> npt.NDArray[np.int64]:
    """The rows nearest to each sampled one by their codes alone, itself included; of all rows."""
    count = min(CANDIDATES + 1, len(sample.vectors))
    asked = codes.of(sample.vectors[sample.rows])
    metric = Metric.DOTPRODUCT if codes.metric is Metric.DOTPRODUCT else Metric.EUCLIDEAN
    rows = np.empty((len(asked), 0), np.int64)
    keys = np.empty((len(asked), 0))
    for start in range(0, len(sample.vectors), CHUNK_ROWS):
        chunk = codes.of(sample.vectors[start : start + CHUNK_ROWS])
        numbers = np.broadcast_to(np.arange(start, start + len(chunk)), (len(asked), len(chunk)))
        rows = np.concatenate((rows, numbers), axis=1)
        keys = np.concatenate((keys, keys_between(chunk, asked, metric)), axis=1)
        best = np.argpartition(-keys, count - 1, axis=1)[:, :count]
        rows = np.take_along_axis(rows, best, axis=1)
        keys = np.take_along_axis(keys, best, axis=1)
    return rows


def unpack(raw: memoryview, metric: Metric, dimension: int) -> tuple[Codes, memoryview]:
    """The codes that `pack` wrote, and what follows them. Raises `DataLoss`."""
    if len(raw) < _HEADER.size:
        raise DataLoss("A segment's graph is cut off.")
    kind, scale = _HEADER.unpack_from(raw)
    rest = raw[_HEADER.size :]
    if kind == Kind.BFLOAT16:
        return Codes(metric), rest
    if kind != Kind.INT8 or not np.isfinite(scale):
        raise DataLoss("A segment's graph has codes of an unknown kind.")
    if metric is Metric.DOTPRODUCT:
        return Codes(metric, Kind.INT8, scale), rest
    if len(rest) < 4 * dimension:
        raise DataLoss("A segment's graph is cut off.")
    centre = np.frombuffer(rest[: 4 * dimension], "<f4")
    return Codes(metric, Kind.INT8, scale, centre), rest[4 * dimension :]


def _unit(vectors: Float32) -> Float32:
    """The rows scaled to unit length; zero stays zero."""
    squares = np.einsum("...i,...i->...", vectors, vectors, dtype=np.float64)[..., np.newaxis]
    inverse = np.divide(1, np.sqrt(squares), out=np.zeros_like(squares), where=squares > 0)
    unit: Float32 = (vectors * inverse).astype(np.float32)
    return unit
