"""Which segments are merged: a choice by their sizes alone."""

from hypothesis import given
from hypothesis import strategies as st
from pyroaring import BitMap

from dataplane.builder.tiers import MergePolicy, Size
from kit.ids import new_id
from storage.manifests import SegmentEntry

POLICY = MergePolicy(max_records=100, max_bytes=10_000, growth=2.5, dead_share=0.25)


def sizes(*lives: int, dead: int = 0) -> list[Size]:
    return [Size(new_id(), live + dead, live, live) for live in lives]


def chosen(given: list[Size], policy: MergePolicy = POLICY) -> list[int]:
    ids = policy.choose(given)
    return [size.live for size in given if size.segment_id in ids]


def test_segments_of_like_size_are_merged_and_others_are_not() -> None:
    assert chosen(sizes(10, 10, 10)) == [10, 10, 10]
    assert chosen(sizes(10, 10)) == []
    assert chosen(sizes(1, 10, 10)) == []
    assert chosen(sizes(30, 10, 10, 10)) == [10, 10, 10]


def test_no_merged_segment_is_larger_than_allowed() -> None:
    assert chosen(sizes(40, 40, 40)) == []
    assert chosen(sizes(30, 30, 30, 30)) == [30, 30, 30]
    small = MergePolicy(max_records=100, max_bytes=25, growth=3)
    assert chosen(sizes(10, 10, 10), small) == []


def test_a_segment_that_lost_many_rows_is_written_anew_alone() -> None:
    assert chosen([*sizes(90), *sizes(60, dead=30)]) == [60]
    assert chosen([*sizes(90), *sizes(60, dead=10)]) == []


def test_the_order_given_is_kept() -> None:
    given = [*sizes(90), *sizes(12, 10, 11)]
    assert POLICY.choose(given) == [size.segment_id for size in given[1:]]


def test_a_size_is_read_from_the_manifest() -> None:
    entry = SegmentEntry(new_id(), 10, BitMap([1, 4]).serialize(), 1000)
    assert Size.of(entry) == Size(entry.segment_id, 10, 8, 800)


@given(st.lists(st.integers(1, 100), max_size=30))
def test_merging_ends_with_few_segments_in_every_magnitude(lives: list[int]) -> None:
    segments, steps = sizes(*lives), 0
    while ids := POLICY.choose(segments):
        merged = sum(size.live for size in segments if size.segment_id in ids)
        assert len(ids) > 1
        assert merged <= POLICY.max_records
        segments = [size for size in segments if size.segment_id not in ids] + sizes(merged)
        steps += 1
    assert steps < len(lives) or not lives
    for low in (1, 2, 4, 8, 16):
        assert sum(low <= size.live < 2 * low for size in segments) < 5
