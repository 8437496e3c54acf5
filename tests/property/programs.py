"""Random programs for a namespace: writes, builds, adoptions and restarts, and what to ask it."""

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st

from storage.write_log.operations import (
    DeleteAllOperation,
    DeleteOperation,
    Operation,
    SparseVector,
    UpdateOperation,
    UpsertOperation,
)

DIMENSION = 3

ids = st.sampled_from(["a", "b", "a/1", "B", "ö", "\U0001f332", "z" * 40])
_numbers = st.one_of(
    st.integers(-1, 2),
    st.sampled_from([2**53, 2**53 + 1, -(2**53), -(2**53) - 1, 0.5, -0.0, 1e300]),
    st.floats(-10, 10),
)
_strings = st.sampled_from(["1", "true", "", "drama", "Drama", "döner", "\u6f22", "null"])
scalars = st.one_of(_numbers, _strings, st.booleans())
fields = st.sampled_from(["year", "genre", "größe"])
metadata = st.dictionaries(fields, st.one_of(scalars, st.lists(_strings, max_size=3)), max_size=3)

_coordinates = st.one_of(st.integers(-2, 2), st.sampled_from([0.1, -0.7]))
# One scale a vector: where large numbers cancel small ones, the order of a sum decides.
vectors = st.builds(
    lambda scale, coordinates: [scale * coordinate for coordinate in coordinates],
    st.sampled_from([1.0, 1.0, 1.0, 2.0**-70, 2.0**70, 2.0**110]),
    st.lists(_coordinates, min_size=DIMENSION, max_size=DIMENSION),
)
sparse_vectors = st.dictionaries(
    st.sampled_from([0, 1, 7, 2**32 - 1]), st.sampled_from([-1.5, 0.25, 1.0, 2.0]), min_size=1
)


def _filters() -> st.SearchStrategy[dict[str, Any]]:
    operator = st.one_of(
        st.tuples(st.sampled_from(["$eq", "$ne"]), scalars),
        st.tuples(st.sampled_from(["$gt", "$gte", "$lt", "$lte"]), _numbers),
        st.tuples(st.sampled_from(["$in", "$nin"]), st.lists(scalars, max_size=3)),
        st.tuples(st.just("$exists"), st.booleans()),
    )
    operators = st.lists(operator, min_size=1, max_size=2).map(dict)
    leaf = st.dictionaries(fields, st.one_of(operators, operators, scalars), min_size=1, max_size=2)
    nested = st.recursive(
        leaf,
        lambda inner: st.one_of(
            st.fixed_dictionaries({"$and": st.lists(inner, min_size=1, max_size=3)}),
            st.fixed_dictionaries({"$or": st.lists(inner, min_size=1, max_size=3)}),
        ),
        max_leaves=4,
    )
    return st.one_of(leaf, leaf, nested)


conditions = _filters()
filters = st.one_of(st.just({}), conditions, conditions)


@dataclass(frozen=True)
class Build:
    """Turn the log into a segment, up to `behind` operations before its end."""

    behind: int


@dataclass(frozen=True)
class Merge:
    """Replace some segments by one, without moving on in the log: those at which the bits of
    `which` are set, counted from the newest."""

    which: int


@dataclass(frozen=True)
class Adopt:
    pass


@dataclass(frozen=True)
class Restart:
    pass


@dataclass(frozen=True)
class Ask:
    values: list[float]
    sparse: dict[int, float] | None
    top_k: int
    filter: dict[str, Any]


@dataclass(frozen=True)
class UpdateWhere:
    """Merge metadata into all records that the filter selects."""

    filter: dict[str, Any]
    set_metadata: dict[str, Any]


@dataclass(frozen=True)
class DeleteWhere:
    filter: dict[str, Any]


@dataclass(frozen=True)
class Drop:
    """Delete the namespace itself; the next write makes it anew."""


Step = Operation | Build | Merge | Adopt | Restart | Ask
WireStep = Operation | UpdateWhere | DeleteWhere | Drop | Restart | Ask


def sparse_of(raw: dict[int, float] | None) -> SparseVector | None:
    if raw is None:
        return None
    ordered = sorted(raw)
    return SparseVector(
        np.array(ordered, np.uint32), np.array([raw[i] for i in ordered], np.float32)
    )


def json_of(raw: dict[str, Any] | None) -> bytes | None:
    return None if raw is None else json.dumps(raw, ensure_ascii=False).encode()


@st.composite
def _upserts(draw: st.DrawFn, is_sparse: bool, is_hybrid: bool) -> UpsertOperation:
    chosen = draw(st.lists(ids, min_size=1, max_size=6, unique=True))
    sparse: list[SparseVector | None] = [None] * len(chosen)
    if is_sparse or is_hybrid:
        kind = sparse_vectors if is_sparse else st.none() | sparse_vectors
        sparse = [sparse_of(draw(kind)) for _ in chosen]
    width = 0 if is_sparse else DIMENSION
    rows = [[] if is_sparse else draw(vectors) for _ in chosen]
    values = np.array(rows, np.float32).reshape(len(chosen), width)
    return UpsertOperation(
        chosen, values, sparse, [json_of(draw(st.none() | metadata)) for _ in chosen]
    )


@st.composite
def _updates(draw: st.DrawFn, is_sparse: bool, is_hybrid: bool) -> UpdateOperation:
    chosen = draw(st.lists(ids, min_size=1, max_size=3, unique=True))
    values = None if is_sparse else draw(st.none() | vectors)
    sparse = draw(st.none() | sparse_vectors) if is_sparse or is_hybrid else None
    array = None if values is None else np.array(values, np.float32)
    return UpdateOperation(chosen, array, sparse_of(sparse), json_of(draw(st.none() | metadata)))


# What every face takes: ids of ASCII, vectors that are not zero, numbers that doubles hold.
_wire_ids = st.sampled_from(["a", "b", "a/1", "B", "b b", "a%2F1", "z" * 512])
_wire_vectors = st.builds(
    lambda scale, coordinates: [scale * coordinate for coordinate in coordinates],
    st.sampled_from([1.0, 1.0, 1.0, 2.0**-20, 2.0**40]),
    st.lists(_coordinates, min_size=DIMENSION, max_size=DIMENSION).filter(any),
)
_wire_scalars = st.one_of(
    st.integers(-1, 2), st.sampled_from([2**53, -(2**53), 0.5, 1e300]), _strings, st.booleans()
)
_wire_metadata = st.dictionaries(
    fields, st.one_of(_wire_scalars, st.lists(_strings, max_size=3)), min_size=1, max_size=3
)


def wire_programs(
    *, is_sparse: bool, is_hybrid: bool, steps: int
) -> st.SearchStrategy[list[WireStep]]:
    """Lists of so many steps that a client can take."""
    sparse = sparse_vectors if is_sparse else st.none() | sparse_vectors if is_hybrid else st.none()
    dense = st.just([]) if is_sparse else _wire_vectors
    record = st.tuples(_wire_ids, dense, sparse, st.none() | _wire_metadata)
    upserts = st.lists(record, min_size=1, max_size=6, unique_by=lambda one: one[0]).map(_upsert)
    values = st.none() if is_sparse else st.none() | _wire_vectors
    updates = st.builds(_update, _wire_ids, values, sparse, _wire_metadata)
    asks = st.builds(Ask, dense, sparse, st.sampled_from([1, 2, 5, 100]), filters)
    step: st.SearchStrategy[WireStep] = st.one_of(
        upserts, upserts, upserts, updates, asks, asks, asks,
        st.lists(_wire_ids, min_size=1, max_size=4).map(DeleteOperation),
        st.builds(UpdateWhere, conditions, _wire_metadata),
        st.builds(DeleteWhere, conditions),
        st.sampled_from([DeleteAllOperation(), Drop(), Restart()]),
    )  # fmt: skip
    return st.lists(step, min_size=steps, max_size=steps)


def _upsert(records: list[tuple[str, list[float], Any, Any]]) -> UpsertOperation:
    names, rows, sparse, metadata_of = zip(*records, strict=True)
    return UpsertOperation(
        list(names),
        np.array(rows, np.float32).reshape(len(rows), -1),
        [sparse_of(one) for one in sparse],
        [json_of(one) for one in metadata_of],
    )


def _update(name: str, values: Any, sparse: Any, set_metadata: dict[str, Any]) -> UpdateOperation:
    array = None if values is None else np.array(values, np.float32)
    return UpdateOperation([name], array, sparse_of(sparse), json_of(set_metadata))


def programs(*, is_sparse: bool, is_hybrid: bool) -> st.SearchStrategy[list[Step]]:
    """Lists of steps for one kind of index."""
    deletes = st.lists(ids, min_size=1, max_size=4).map(DeleteOperation)
    asks = st.builds(
        Ask,
        st.just([]) if is_sparse else vectors,
        sparse_vectors if is_sparse else st.none() | sparse_vectors if is_hybrid else st.none(),
        st.sampled_from([1, 2, 5, 100, 10_000]),
        filters,
    )
    upserts = _upserts(is_sparse, is_hybrid)
    step = st.one_of(
        upserts, upserts, _updates(is_sparse, is_hybrid), deletes, asks, asks,
        st.builds(Build, st.integers(0, 2)), st.just(Build(0)),
        st.sampled_from([DeleteAllOperation(), Restart(), Adopt(), Adopt()]),
        st.builds(Merge, st.sampled_from([2, 3, 5, 6, 7, 15])),
    )  # fmt: skip
    return st.lists(step, min_size=1, max_size=30)
