"""Durations in logarithmic buckets: counts that add up, and percentiles within 5 % of the truth.

Bucket n holds durations from 1.1^n to 1.1^(n+1) microseconds. A histogram is how many fell into
each; two histograms of the same thing are merged by adding, whatever period or process they are of.
"""

import math
from collections.abc import Iterable, Mapping

_GROWTH = 1.1
_SCALE = 1 / math.log(_GROWTH)
# What stands for a bucket, as a factor of its lower end: equally far from both ends.
_MIDDLE = 2 * _GROWTH / (_GROWTH + 1)
# By how much a percentile may be off, as a part of its true value.
RELATIVE_ERROR = (_GROWTH - 1) / (_GROWTH + 1)

Histogram = Mapping[int, int]


def bucket(took_us: float) -> int:
    """The number of the bucket; what took less than a microsecond counts as one."""
    return int(math.log(took_us) * _SCALE) if took_us > 1 else 0


def merged(histograms: Iterable[Histogram]) -> dict[int, int]:
    found: dict[int, int] = {}
    for histogram in histograms:
        for number, count in histogram.items():
            found[number] = found.get(number, 0) + count
    return found


def percentile_us(histogram: Histogram, fraction: float) -> float | None:
    """What that fraction of all took at most (nearest rank); None where there are none."""
    total = sum(histogram.values())
    if not total:
        return None
    rank = max(1, math.ceil(fraction * total))
    for number in sorted(histogram):
        rank -= histogram[number]
        if rank <= 0:
            return _GROWTH**number * _MIDDLE
    raise AssertionError("a rank lies within the total")


def count_within(histogram: Histogram, limit_us: float) -> int:
    """How many took no longer, by what stands for their buckets."""
    return sum(
        count for number, count in histogram.items() if _GROWTH**number * _MIDDLE <= limit_us
    )
