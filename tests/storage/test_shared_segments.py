"""Segments in sealed memory files: the same columns for every process, and nothing else's."""

import fcntl
import os
from dataclasses import replace

import numpy as np
import pytest

from kit.ids import new_id
from storage.segments import SegmentReader, write_segment
from storage.shared_segments import Location, SharedSegment
from tests.storage.test_segments import COLUMNS, KEY, NAME
from tests.support.memory_objects import MemoryObjectStore


@pytest.fixture
def stored() -> SegmentReader:
    store = MemoryObjectStore()
    write_segment(store, KEY, NAME, replace(COLUMNS, graph=b"a graph"))
    return SegmentReader(store, KEY, NAME)


def test_loaded_and_attached_hold_what_was_stored(stored: SegmentReader) -> None:
    loaded = SharedSegment.load(stored, NAME)
    attached = SharedSegment.attach(NAME, loaded.location)
    assert attached is not None
    assert (loaded.is_borrowed, attached.is_borrowed) == (False, True)
    for found in (loaded, attached):
        assert found.read_ids() == stored.read_ids()
        assert np.array_equal(found.read_vectors(), stored.read_vectors())
        assert found.read_vectors().flags.aligned
        for ours, theirs in zip(found.read_sparse(), stored.read_sparse(), strict=True):
            assert np.array_equal(ours, theirs)
        assert bytes(found.view_metadata()[1]) == stored.read_metadata()[1]
        assert (found.view_graph(), found.size_bytes) == (b"a graph", stored.size_bytes)


def test_what_is_attached_stays_when_its_maker_lets_go(stored: SegmentReader) -> None:
    loaded = SharedSegment.load(stored, NAME)
    place = loaded.location
    attached = SharedSegment.attach(NAME, place)
    assert attached is not None
    vectors = attached.read_vectors()
    del loaded, attached
    assert np.array_equal(vectors, stored.read_vectors())
    assert SharedSegment.attach(NAME, place) is None


def test_nobody_can_change_it(stored: SegmentReader) -> None:
    loaded = SharedSegment.load(stored, NAME)
    with pytest.raises(PermissionError):
        os.pwrite(loaded.location.descriptor, b"x", 0)
    with pytest.raises(PermissionError):
        os.ftruncate(loaded.location.descriptor, 1)
    with pytest.raises(ValueError, match="read-only"):
        loaded.read_vectors()[0, 0] = 1


def test_another_segments_file_or_one_that_may_still_change_is_not_taken(
    stored: SegmentReader,
) -> None:
    loaded = SharedSegment.load(stored, NAME)
    other = replace(NAME, segment_id=new_id())
    assert SharedSegment.attach(other, loaded.location) is None
    descriptor = os.memfd_create(f"stonepine-segment-{NAME.segment_id}", os.MFD_ALLOW_SEALING)
    try:
        assert SharedSegment.attach(NAME, Location(os.getpid(), descriptor)) is None
        fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, fcntl.F_SEAL_WRITE)
        assert SharedSegment.attach(NAME, Location(os.getpid(), descriptor)) is None
    finally:
        os.close(descriptor)
