"""What a namespace holds is known exactly, whatever was written over, buried or deleted."""

import random

import orjson

from dataplane.engine.measuring import measure
from dataplane.engine.namespace import Namespace
from dataplane.engine.open_index import OpenIndex, OpenNamespace
from dataplane.engine.spec import IndexSpec, Metric, VectorType
from keyring.envelope import DataKey
from kit.ids import new_id
from storage.write_log.operations import DeleteAllOperation, DeleteOperation, UpdateOperation
from tests.dataplane.engine.spaces import SPARSE, filled, upsert
from tests.support.waiting import wait_until

DENSE = IndexSpec(3, Metric.COSINE, VectorType.DENSE)
VALUES = [1.0, 2.0, 3.0]
GENRE = {"genre": "noir"}
GENRE_BYTES = len(orjson.dumps(GENRE))


def test_a_record_holds_its_values_id_and_metadata() -> None:
    assert filled(DENSE).live_bytes == 0
    space = filled(DENSE, upsert({"a": VALUES, "bcd": VALUES}, {"bcd": GENRE}))
    assert space.live_bytes == 2 * 12 + 4 + GENRE_BYTES


def test_a_sparse_value_is_an_index_and_a_number() -> None:
    space = filled(SPARSE, upsert({"a": [], "b": []}, sparse={"a": {1: 1.0, 9: 2.0}, "b": {3: 1}}))
    assert space.live_bytes == 2 + 3 * 8


def test_what_is_written_over_or_deleted_no_longer_counts() -> None:
    space = filled(DENSE, upsert({"a": VALUES, "b": VALUES}, {"a": GENRE}))
    assert space.live_bytes == 2 * 13 + GENRE_BYTES
    space.apply(2, upsert({"a": VALUES}))
    assert space.live_bytes == 2 * 13
    space.apply(3, UpdateOperation(["b"], None, None, orjson.dumps(GENRE)))
    assert space.live_bytes == 2 * 13 + GENRE_BYTES
    space.apply(4, DeleteOperation(["b"]))
    assert space.live_bytes == 13
    space.apply(5, DeleteAllOperation())
    assert space.live_bytes == 0


def test_a_memtable_that_sheds_its_buried_rows_holds_the_same() -> None:
    space = filled(DENSE)
    for lsn in range(1, 1200):
        space.apply(lsn, upsert({"same": VALUES}))
        if lsn % 100 == 0:
            assert space.live_bytes == 12 + 4


def test_memtables_of_records_that_were_written_over_go_also_where_nothing_is_built() -> None:
    space, rng = filled(DENSE), random.Random(5)
    for lsn in range(1, 4001):
        space.apply(lsn, upsert({f"{row}": VALUES for row in rng.sample(range(2000), 50)}))
    row_bytes = 4 * 3 + 64
    assert space.size_bytes < 6 * 2000 * row_bytes


def test_only_touched_namespaces_are_measured_and_the_deleted_one_is_taken_off() -> None:
    index = OpenIndex(new_id(), DENSE, DataKey(new_id(), 1, b"an unremarkable 32 bytes secret."), 1)
    spaces = [_space(name, filled(DENSE, upsert({name: VALUES}))) for name in "abc"]
    for space in spaces:
        index.add(space)
    assert _measured(index) == 3 * 13
    spaces[0].memory.apply(2, upsert({"new": VALUES}))
    assert _measured(index) == 3 * 13
    index.note_change(spaces[0])
    assert _measured(index) == 3 * 13 + 15
    index.remove(spaces[0])
    index.remove(spaces[0])
    assert _measured(index) == 2 * 13


def test_the_memory_of_an_index_is_the_sum_over_its_namespaces_whatever_comes_and_goes() -> None:
    index = OpenIndex(new_id(), DENSE, DataKey(new_id(), 1, b"an unremarkable 32 bytes secret."), 1)
    spaces = [_space(name, filled(DENSE, upsert({name: VALUES}))) for name in "abc"]
    for space in spaces:
        index.add(space)
    assert index.memory_bytes == sum(space.memory.memory_bytes for space in spaces)
    spaces[1].memory.apply(2, upsert({"new": VALUES}))
    index.note_change(spaces[1])
    index.remove(spaces[0])
    assert index.memory_bytes == sum(space.memory.memory_bytes for space in spaces[1:])
    assert index.by_id(spaces[1].namespace_id) is spaces[1]
    assert index.by_id(spaces[0].namespace_id) is None


def _measured(index: OpenIndex) -> int:
    """The answer once one look's time was enough: a busy machine may need several."""
    found = wait_until(lambda: measure([index]), timeout_s=10, what="all is measured")
    return found[index.index_id].size_bytes


def _space(name: str, memory: Namespace) -> OpenNamespace:
    return OpenNamespace(name, new_id(), memory)
