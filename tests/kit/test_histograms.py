"""Percentiles of merged histograms stay within the stated error of the exact ones."""

import math
import random

import pytest

from kit.histograms import RELATIVE_ERROR, bucket, count_within, merged, percentile_us


def histogram(durations: list[float]) -> dict[int, int]:
    found: dict[int, int] = {}
    for took_us in durations:
        found[bucket(took_us)] = found.get(bucket(took_us), 0) + 1
    return found


def exact(durations: list[float], fraction: float) -> float:
    return sorted(durations)[max(1, math.ceil(fraction * len(durations))) - 1]


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("fraction", [0.01, 0.5, 0.95, 0.99, 0.999, 1.0])
def test_a_percentile_is_within_the_error_of_the_exact_one(seed: int, fraction: float) -> None:
    draw = random.Random(seed)
    quick = [draw.lognormvariate(7, 1) + 1 for _ in range(3_000)]
    slow = [draw.uniform(1e5, 6e7) for _ in range(draw.randrange(400))]
    parts = [quick[:7], quick[7:], slow]
    found = percentile_us(merged(map(histogram, parts)), fraction)
    assert found == pytest.approx(exact(quick + slow, fraction), rel=RELATIVE_ERROR * 1.000001)


def test_merging_is_adding_in_whatever_order() -> None:
    one, other = {3: 1, 5: 2}, {5: 4, 9: 1}
    assert merged([one, other]) == merged([other, one]) == {3: 1, 5: 6, 9: 1}
    assert merged([]) == {}


def test_of_nothing_there_is_no_percentile() -> None:
    assert percentile_us({}, 0.5) is None


def test_every_duration_has_a_bucket() -> None:
    assert bucket(0) == bucket(0.3) == bucket(1) == 0
    assert bucket(60e6) > bucket(30e6) > bucket(100) > 0


def test_counts_below_a_limit_never_fall_as_it_rises() -> None:
    found = histogram([100.0, 900.0, 900.0, 5e6])
    assert [count_within(found, limit) for limit in (10, 200, 1e3, 1e7)] == [0, 1, 3, 4]
