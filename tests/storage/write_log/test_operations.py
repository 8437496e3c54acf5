"""Operations as bytes: what goes in comes out, bit for bit, and nothing else is accepted."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as st_numpy

from kit.errors import DataLoss
from storage.write_log.operations import (
    DeleteAllOperation,
    DeleteOperation,
    Operation,
    SparseVector,
    UpdateOperation,
    UpsertOperation,
    decode,
    encode,
    operation_code,
    record_count,
)

floats = st.floats(width=32)  # with NaN, infinities and -0: the log keeps bits


@st.composite
def sparse_vectors(draw: st.DrawFn) -> SparseVector:
    indices = sorted(draw(st.sets(st.integers(0, 2**32 - 1), max_size=5)))
    values = draw(st.lists(floats, min_size=len(indices), max_size=len(indices)))
    return SparseVector(np.array(indices, np.uint32), np.array(values, np.float32))


def lists_of(elements: st.SearchStrategy, count: int) -> st.SearchStrategy:
    return st.lists(elements, min_size=count, max_size=count)


@st.composite
def upserts(draw: st.DrawFn) -> UpsertOperation:
    ids = draw(st.lists(st.text(), max_size=6))
    shape = (len(ids), draw(st.integers(0, 5)))
    return UpsertOperation(
        ids,
        draw(st_numpy.arrays(np.float32, shape, elements=floats)),
        draw(lists_of(st.none() | sparse_vectors(), len(ids))),
        draw(lists_of(st.none() | st.binary(), len(ids))),
    )


vectors = st.integers(1, 5).flatmap(
    lambda dimension: st_numpy.arrays(np.float32, (dimension,), elements=floats)
)
updates = st.builds(
    UpdateOperation,
    st.lists(st.text()),
    st.none() | vectors,
    st.none() | sparse_vectors(),
    st.none() | st.binary(),
)
operations = st.one_of(
    upserts(),
    updates,
    st.builds(DeleteOperation, st.lists(st.text())),
    st.just(DeleteAllOperation()),
)


def bits(value: object) -> object:
    """Something comparable: arrays as their bytes and shape."""
    if isinstance(value, np.ndarray):
        return value.dtype.str, value.shape, value.tobytes()
    if isinstance(value, SparseVector):
        return bits(value.indices), bits(value.values)
    if isinstance(value, list):
        return [bits(item) for item in value]
    return value


def parts(operation: Operation) -> list[object]:
    return [bits(getattr(operation, name)) for name in operation.__slots__]


@given(operations)
def test_every_operation_survives_bit_for_bit(operation: Operation) -> None:
    again = decode(operation_code(operation), encode(operation))
    assert type(again) is type(operation)
    assert parts(again) == parts(operation)


def test_rows_of_another_layout_are_written_in_order() -> None:
    values = np.asfortranarray(np.arange(6, dtype=np.float32).reshape(2, 3))
    operation = UpsertOperation(["a", "b"], values, [None, None], [None, None])
    assert decode(1, encode(operation)).values.tolist() == [[0, 1, 2], [3, 4, 5]]


def test_columns_are_aligned_for_arithmetic() -> None:
    for length in range(9):
        operation = UpsertOperation(["x" * length], np.ones((1, 4), np.float32), [None], [None])
        assert decode(1, encode(operation)).values.flags.aligned


def test_records_are_counted() -> None:
    assert record_count(DeleteOperation(["a", "b"])) == 2
    assert record_count(DeleteAllOperation()) == 1


@pytest.mark.parametrize(
    "damage",
    [
        lambda _: b"",
        lambda content: content[:3],
        lambda content: content[:-4],
        lambda content: content + bytes(4),
        lambda content: b"\xff\xff\xff\xff" + content[4:],
        lambda content: content[:4] + b"\xc1" + content[5:],
        lambda content: bytes(len(content)),
    ],
    ids=["empty", "cut header", "cut", "longer", "huge header", "no msgpack", "zeros"],
)
def test_malformed_bytes_are_data_loss(damage: Callable[[bytes], bytes]) -> None:
    sparse = SparseVector(np.array([1], np.uint32), np.array([2], np.float32))
    content = encode(UpsertOperation(["a"], np.ones((1, 3), np.float32), [sparse], [b"{}"]))
    with pytest.raises(DataLoss):
        decode(1, damage(content))


def test_an_unknown_operation_is_data_loss() -> None:
    with pytest.raises(DataLoss):
        decode(99, encode(DeleteAllOperation()))


def test_columns_of_different_lengths_are_data_loss() -> None:
    broken = UpsertOperation(["a", "b"], np.ones((1, 3), np.float32), [None], [None])
    with pytest.raises(DataLoss, match="differ in length"):
        decode(1, encode(broken))
