"""Records of a namespace laid out on a plane: a bounded sample, and its two principal axes."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from access.actor import Actor
from indexes.models import Index, Metric, VectorType
from indexes.records import fetch_records, list_record_ids
from kit.errors import FailedPrecondition
from protocol.from_reply import Record

MOST_RECORDS = 2_000
# Ids are listed in order, a page costs a read unit: past these nobody looks.
MOST_IDS = 10_000
# Of all vectors of a sample together: 12 MB as they are, ten times that on their way as text.
_MOST_NUMBERS = 1_500_000
_AT_ONCE = 100
_FETCHED_BY_UNIT = 10
_AXES = 2

Float64 = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Projection:
    """`places` has a row of two numbers from -1 to 1 for each record; `kept` is the share of the
    sample's variance that the two axes hold; `looked_through` says how many ids were listed."""

    records: list[Record]
    places: Float64
    kept: float
    looked_through: int


def most_records(dimension: int) -> int:
    """How many records of an index are shown at most."""
    return max(1, min(MOST_RECORDS, _MOST_NUMBERS // max(1, dimension)))


def most_read_units(dimension: int) -> int:
    """What laying out a namespace costs at most."""
    return MOST_IDS // _AT_ONCE + math.ceil(most_records(dimension) / _FETCHED_BY_UNIT)


def project_records(actor: Actor, index: Index, namespace: str) -> Projection:
    """Every so-manieth of the first ids, so that it is the same sample whenever it is asked for.

    Takes a second or two: call it outside any transaction.
    """
    if index.vector_type != VectorType.DENSE or not index.dimension:
        raise FailedPrecondition("Only dense vectors can be laid out on a plane.")
    ids = list_record_ids(actor, index, namespace, most=MOST_IDS)
    chosen = sampled(ids, most_records(index.dimension))
    records = [
        record
        for start in range(0, len(chosen), _AT_ONCE)
        for record in fetch_records(actor, index, namespace, chosen[start : start + _AT_ONCE])
        if record.values
    ]
    vectors = np.array([record.values for record in records], dtype=np.float64)
    places, kept = principal_plane(_comparable(vectors, index.metric))
    return Projection(records, places, kept, len(ids))


def sampled(ids: list[str], most: int) -> list[str]:
    """At most so many of them, evenly spread, in their order."""
    if len(ids) <= most:
        return ids
    return [ids[number * len(ids) // most] for number in range(most)]


def principal_plane(vectors: Float64) -> tuple[Float64, float]:
    """Rows on the plane in which they differ most, within -1 and 1; the share of variance it holds.

    The same rows give the same plane, whichever way the axes could point.
    """
    if len(vectors) < _AXES:
        return np.zeros((len(vectors), _AXES)), 0.0
    centred = vectors - vectors.mean(axis=0)
    values, places = _on_axes(centred)
    total = float(np.square(centred).sum())
    # What rounding leaves of rows that are all alike is no difference.
    if total <= np.finfo(np.float64).eps * float(np.square(vectors).sum()):
        return np.zeros((len(vectors), _AXES)), 0.0
    farthest = np.abs(places).argmax(axis=0)
    places = places * np.where(places[farthest, range(_AXES)] < 0, -1.0, 1.0)
    return places / np.abs(places).max(), float(values.sum()) / total


def _on_axes(centred: Float64) -> tuple[Float64, Float64]:
    """Scatter along the two axes, and places on them; by the smaller of the two Gram matrices."""
    if len(centred) < centred.shape[1]:
        values, vectors = np.linalg.eigh(centred @ centred.T)
        values, vectors = _largest(values, vectors)
        return values, vectors * np.sqrt(values)
    values, vectors = np.linalg.eigh(centred.T @ centred)
    values, vectors = _largest(values, vectors)
    return values, centred @ vectors


def _largest(values: Float64, vectors: Float64) -> tuple[Float64, Float64]:
    """The two largest, the larger first; a space of one dimension gets an empty second axis."""
    values, vectors = values[::-1][:_AXES].clip(min=0), vectors[:, ::-1][:, :_AXES]
    missing = _AXES - len(values)
    return np.pad(values, (0, missing)), np.pad(vectors, ((0, 0), (0, missing)))


def _comparable(vectors: Float64, metric: str) -> Float64:
    """Where only directions count, vectors of length one."""
    if metric != Metric.COSINE or not len(vectors):
        return vectors
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / np.where(lengths == 0, 1.0, lengths)
