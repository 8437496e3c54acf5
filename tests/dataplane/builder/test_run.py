"""The builder on a real log: what it moves, and what happens when it dies or meets another."""

from dataclasses import replace

import numpy as np
import pytest

from dataplane.builder.run import Status
from dataplane.engine import messages
from dataplane.engine.namespace import Namespace
from kit.errors import Aborted, DataLoss, NotFound
from kit.ids import new_id
from storage.objects import ObjectStore
from storage.segments import SegmentReader
from storage.write_log.operations import DeleteAllOperation, DeleteOperation, UpdateOperation
from tests.dataplane.builder.yard import FaultyStore, SimulatedCrash, Yard
from tests.dataplane.engine.spaces import INDEX, hits, query, rows, upsert


def contents(namespace: Namespace) -> dict[str, tuple[bytes, bytes | None]]:
    ids = namespace.list_ids(messages.ListIds(index_id=INDEX, limit=10_000)).ids
    records = namespace.fetch(messages.Fetch(index_id=INDEX, ids=ids)).records
    return {record.id: (record.values, record.metadata) for record in records}


def replayed(yard: Yard) -> Namespace:
    """What the log alone makes."""
    namespace = Namespace(yard.site.spec)
    for lsn, operation in yard.log:
        namespace.apply(lsn, operation)
    return namespace


def test_the_log_moves_into_a_segment_and_nothing_changes(yard: Yard) -> None:
    yard.write(
        upsert({"a": [1, 0], "b": [0, 1], "c": [1, 1]}, {"a": {"x": 1}}),
        UpdateOperation(["a"], set_metadata=b'{"y":2}'),
        DeleteOperation(["c", "nobody"]),
    )
    outcome = yard.build()
    assert (outcome.status, outcome.lsn, outcome.record_count) == (Status.BUILT, 3, 2)
    assert not outcome.is_more
    opened = yard.open_namespace()
    assert contents(opened) == contents(replayed(yard))
    assert query(opened, [1, 0]).path == "scan=1"


def test_a_second_run_finds_nothing_to_do(yard: Yard) -> None:
    assert yard.build().status is Status.NOTHING
    yard.write(upsert({"a": [1, 0]}))
    yard.build()
    again = yard.build()
    assert (again.status, again.lsn, again.manifest_version) == (Status.NOTHING, 1, 1)
    assert len(yard.objects("segments")) == len(yard.objects("manifests")) == 1


def test_a_long_log_takes_several_runs(yard: Yard) -> None:
    for number in range(5):
        names = [f"{number}-{row}" for row in range(10)]
        yard.write(rows(names, np.ones((10, 2), np.float32)))
    outcomes = [yard.build(max_records=20) for _ in range(4)]
    assert [outcome.record_count for outcome in outcomes] == [20, 20, 10, 0]
    assert [outcome.is_more for outcome in outcomes] == [True, True, False, False]
    assert outcomes[-1].status is Status.NOTHING
    assert contents(yard.open_namespace()) == contents(replayed(yard))


def test_records_of_older_segments_are_replaced_deleted_and_updated(yard: Yard) -> None:
    yard.write(upsert({name: [1, 0] for name in "abcd"}, {"c": {"x": 1}, "d": {"x": 1}}))
    yard.build()
    yard.write(
        upsert({"a": [0, 1]}),
        DeleteOperation(["b"]),
        UpdateOperation(["c"], set_metadata=b'{"y":"z"}'),
    )
    second = yard.build()
    assert (second.record_count, second.segment_count) == (2, 2)
    opened = yard.open_namespace()
    assert contents(opened) == contents(replayed(yard))
    assert len(query(opened, [1, 0]).matches) == 3


def test_a_log_of_deletes_needs_no_segment(yard: Yard) -> None:
    yard.write(upsert({"a": [1, 0], "b": [1, 0]}))
    yard.build()
    yard.write(DeleteOperation(["a"]))
    assert yard.build().segment_id is None
    assert list(contents(yard.open_namespace())) == ["b"]
    yard.write(DeleteOperation(["b"]))
    last = yard.build()
    assert (last.segment_id, last.segment_count, last.lsn) == (None, 0, 3)
    assert contents(yard.open_namespace()) == {}


def test_a_delete_of_all_drops_older_segments(yard: Yard) -> None:
    yard.write(upsert({"a": [1, 0], "b": [1, 0]}))
    yard.build()
    yard.write(DeleteAllOperation(), upsert({"b": [5, 5]}), UpdateOperation(["a"], np.ones(2)))
    outcome = yard.build()
    assert (outcome.record_count, outcome.segment_count) == (1, 1)
    assert contents(yard.open_namespace()) == contents(replayed(yard))


@pytest.mark.parametrize("is_after", [False, True])
@pytest.mark.parametrize("step", [1, 2])
def test_a_crash_at_any_step_leaves_the_namespace_as_it_was(
    yard: Yard, step: int, *, is_after: bool
) -> None:
    yard.write(upsert({"a": [1, 0], "b": [2, 0]}))
    yard.build()
    yard.write(upsert({"b": [3, 0], "c": [4, 0]}))
    with pytest.raises(SimulatedCrash):
        yard.build(store=FaultyStore(yard.site.store, step, is_after=is_after))  # type: ignore[arg-type]  # by __getattr__
    assert contents(yard.open_namespace()) == contents(replayed(yard))
    outcome = yard.build()
    assert (outcome.status, outcome.lsn) == (Status.BUILT, 2)
    assert contents(yard.open_namespace()) == contents(replayed(yard))


class RacingStore:
    """Lets a rival finish its whole run just before this one's manifest is written."""

    def __init__(self, yard: Yard) -> None:
        self._yard = yard
        self.store: ObjectStore = yard.site.store

    def __getattr__(self, name: str) -> object:
        return getattr(self.store, name)

    def put(self, path: str, chunks: object, *, is_new: bool = False) -> int:
        if "/manifests/" in path:
            self._yard.build()
        return self.store.put(path, chunks, is_new=is_new)  # type: ignore[arg-type]  # passed on


def test_of_two_builders_one_wins_and_the_other_cleans_up(yard: Yard) -> None:
    yard.write(upsert({"a": [1, 0], "b": [2, 0]}))
    with pytest.raises(Aborted):
        yard.build(store=RacingStore(yard))  # type: ignore[arg-type]  # by __getattr__
    assert len(yard.objects("segments")) == len(yard.objects("manifests")) == 1
    assert contents(yard.open_namespace()) == contents(replayed(yard))
    assert yard.build().status is Status.NOTHING


def test_a_missing_namespace_is_not_found(yard: Yard) -> None:
    yard.site = replace(yard.site, namespace_id=new_id())
    with pytest.raises(NotFound):
        yard.build()


def test_a_changed_segment_is_refused(yard: Yard) -> None:
    yard.write(upsert({"a": [1, 0]}))
    yard.build()
    (path,) = yard.objects("segments")
    content = bytearray(yard.site.store.get(path))
    content[len(content) // 2] ^= 1
    yard.site.store.put(path, [bytes(content)])
    with pytest.raises(DataLoss):
        yard.open_namespace()


def test_a_segment_cannot_stand_in_for_another(yard: Yard) -> None:
    for name in "ab":
        yard.write(upsert({name: [1, 0]}))
        yard.build()
    first, second = yard.objects("segments")
    yard.site.store.put(second, [yard.site.store.get(first)])
    with pytest.raises(DataLoss):
        yard.open_namespace()


def test_ids_are_read_without_the_vectors(yard: Yard) -> None:
    names = [f"id-{row}" for row in range(2_000)]
    yard.write(rows(names, np.ones((2_000, 2), np.float32)))
    outcome = yard.build()
    assert outcome.segment_id is not None
    reader: SegmentReader = yard.site.open_segment(outcome.segment_id)
    assert reader.read_ids() == names
    assert hits(query(yard.open_namespace(), [1, 1], top_k=1)) == [("id-0", 1.0)]
