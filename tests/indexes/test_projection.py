"""A sample on a plane: spread evenly, the same every time, and in the plane of most difference."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from indexes.projection import (
    MOST_RECORDS,
    most_read_units,
    most_records,
    principal_plane,
    sampled,
)


def rows(seed: int, count: int, dimension: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(count, dimension))


@given(seed=st.integers(0, 99), count=st.integers(3, 60), dimension=st.integers(2, 60))
def test_the_plane_is_that_of_the_singular_value_decomposition(
    seed: int, count: int, dimension: int
) -> None:
    vectors = rows(seed, count, dimension)
    places, kept = principal_plane(vectors)
    centred = vectors - vectors.mean(axis=0)
    _, values, axes = np.linalg.svd(centred, full_matrices=False)
    expected = np.abs(centred @ axes[:2].T)
    assert np.allclose(np.abs(places), expected / expected.max(), atol=1e-6)
    assert np.isclose(kept, np.square(values[:2]).sum() / np.square(values).sum())
    assert np.abs(places).max() <= 1
    again, _ = principal_plane(vectors.copy())
    assert (again == places).all()


def test_both_ways_of_reckoning_agree_on_which_way_is_up() -> None:
    vectors = rows(4, 40, 20)
    few, many = principal_plane(vectors), principal_plane(np.pad(vectors, ((0, 0), (0, 90))))
    assert np.allclose(few[0], many[0], atol=1e-6)


def test_what_does_not_differ_lies_in_one_place() -> None:
    for vectors in (np.ones((9, 3)), np.zeros((4, 2)), rows(1, 1, 5), np.empty((0, 0))):
        places, kept = principal_plane(vectors)
        assert places.shape == (len(vectors), 2)
        assert not places.any()
        assert kept == 0
    places, kept = principal_plane(np.arange(5.0).reshape(5, 1))
    assert sorted(places[:, 0].tolist()) == [-1, -0.5, 0, 0.5, 1]
    assert not places[:, 1].any()
    assert np.isclose(kept, 1)


@given(count=st.integers(0, 300), most=st.integers(1, 100))
def test_a_sample_is_bounded_ordered_and_spread(count: int, most: int) -> None:
    ids = [f"{number:03}" for number in range(count)]
    chosen = sampled(ids, most)
    assert len(chosen) == min(count, most)
    assert chosen == sorted(set(chosen))
    gaps = np.diff([int(one) for one in chosen])
    assert not len(gaps) or gaps.max() - gaps.min() <= 1


def test_long_vectors_make_small_samples() -> None:
    assert most_records(4) == MOST_RECORDS
    assert most_records(1536) == 976
    assert most_records(20_000) == 75
    assert most_read_units(4) == 100 + 200
