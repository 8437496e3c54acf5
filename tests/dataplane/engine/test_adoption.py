"""Swapping to a newer manifest while writes go on."""

from dataclasses import replace

import numpy as np
import pytest

from dataplane.engine import messages
from dataplane.engine.namespace import Namespace
from dataplane.engine.spec import IndexSpec, Metric
from kit.errors import DataLoss, FailedPrecondition
from storage.write_log.operations import (
    DeleteAllOperation,
    DeleteOperation,
    Operation,
    UpdateOperation,
)
from tests.dataplane.engine.spaces import INDEX, hits, query, upsert
from tests.support.workshop import Workshop

SPEC = IndexSpec(2, Metric.COSINE)


class Bench:
    """A namespace, its log and its workshop."""

    def __init__(self) -> None:
        self.namespace = Namespace(SPEC)
        self.workshop = Workshop(SPEC)
        self.log: list[tuple[int, Operation]] = []

    def write(self, *operations: Operation) -> None:
        for operation in operations:
            self.log.append((len(self.log) + 1, operation))
            self.namespace.apply(*self.log[-1])

    def build(self) -> None:
        self.workshop.build(self.log[self.workshop.manifest.lsn :])

    def adopt(self) -> None:
        self.workshop.adopt(self.namespace)

    def values(self, record_id: str) -> list[float] | None:
        found = self.namespace.fetch(messages.Fetch(index_id=INDEX, ids=[record_id])).records
        return np.frombuffer(found[0].values, np.float32).tolist() if found else None


def test_answers_are_the_same_before_and_after() -> None:
    bench = Bench()
    bench.write(upsert({name: [index, 1] for index, name in enumerate("abcdef")}))
    before = query(bench.namespace, [1, 1])
    bench.build()
    bench.adopt()
    after = query(bench.namespace, [1, 1])
    assert hits(after) == hits(before)
    assert (before.path, after.path) == ("memtable=1", "scan=1")


def test_a_write_during_the_build_wins_over_the_segment() -> None:
    bench = Bench()
    bench.write(upsert({"a": [1, 0], "b": [1, 0], "c": [1, 0]}))
    bench.build()
    bench.write(upsert({"a": [0, 1]}), DeleteOperation(["b"]))
    bench.adopt()
    assert bench.values("a") == [0, 1]
    assert hits(query(bench.namespace, [1, 0])) == [("c", 1.0), ("a", 0.0)]


def test_two_builds_may_be_adopted_at_once() -> None:
    bench = Bench()
    bench.write(upsert({"a": [1, 0], "b": [2, 0]}))
    bench.build()
    bench.write(upsert({"a": [3, 0]}))
    bench.build()
    bench.adopt()
    assert bench.namespace.record_count == 2
    assert bench.values("a") == [3, 0]


def test_a_record_that_was_deleted_and_came_back_is_there_once() -> None:
    bench = Bench()
    bench.write(upsert({"a": [1, 0]}))
    bench.build()
    bench.write(DeleteOperation(["a"]), upsert({"a": [5, 5]}))
    bench.adopt()
    assert bench.values("a") == [5, 5]
    bench.build()
    bench.adopt()
    assert bench.values("a") == [5, 5]
    assert len(query(bench.namespace, [1, 0]).matches) == 1


def test_an_update_of_a_record_in_a_segment_survives_the_next_builds() -> None:
    bench = Bench()
    bench.write(upsert({"a": [1, 2], "b": [2, 1]}, {"a": {"x": 1}}))
    bench.build()
    bench.adopt()
    bench.write(UpdateOperation(["a"], set_metadata=b'{"y":2}'))
    bench.build()
    bench.adopt()
    record = bench.namespace.fetch(messages.Fetch(index_id=INDEX, ids=["a"])).records[0]
    assert record.metadata == b'{"x":1,"y":2}'
    assert bench.values("a") == [1, 2]


def test_segments_may_be_replaced_by_others() -> None:
    bench = Bench()
    for name in "abc":
        bench.write(upsert({name: [1, 0]}))
        bench.build()
    bench.adopt()
    bench.write(upsert({"b": [7, 7]}))
    bench.workshop.merge()
    bench.adopt()
    assert bench.values("b") == [7, 7]
    assert query(bench.namespace, [1, 0]).path == "memtable=1 scan=1"
    assert bench.namespace.record_count == 3


def test_segments_emptied_by_a_delete_of_all_are_not_asked_for_again() -> None:
    bench = Bench()
    bench.write(upsert({"a": [1, 0]}))
    bench.build()
    bench.adopt()
    bench.write(DeleteAllOperation(), upsert({"z": [1, 0]}))
    assert bench.namespace.missing_segments(bench.workshop.manifest) == []
    # The next manifest may still name it: a builder that began before the delete.
    bench.workshop.manifest = replace(bench.workshop.manifest, version=2)
    bench.adopt()
    assert bench.namespace.missing_segments(bench.workshop.manifest) == []
    assert [match.id for match in query(bench.namespace, [1, 0]).matches] == ["z"]


def test_builds_that_lag_behind_take_over_step_by_step() -> None:
    bench = Bench()
    for name in "abcd":
        bench.write(upsert({name: [1, 0]}))
    for end in (1, 3, 4):
        bench.workshop.build(bench.log[bench.workshop.manifest.lsn : end])
        bench.adopt()
        assert bench.namespace.record_count == 4
    assert query(bench.namespace, [1, 0]).path == "scan=3"


def test_many_writes_lie_in_several_memtables_that_go_one_by_one() -> None:
    bench = Bench()
    for start in range(0, 10_000, 1000):
        bench.write(upsert({f"{row}": [row, 1] for row in range(start, start + 1000)}))
    assert query(bench.namespace, [1, 0]).path == "memtable=2"
    bench.write(upsert({f"{row}": [row, 2] for row in range(1000)}))
    bench.workshop.build(bench.log[:7])
    bench.adopt()
    assert query(bench.namespace, [1, 0]).path == "memtable=2 scan=1"
    assert bench.namespace.record_count == 10_000
    assert [bench.values(name) for name in ("0", "1000", "9999")] == [[0, 2], [1000, 1], [9999, 1]]
    bench.build()
    bench.adopt()
    assert query(bench.namespace, [1, 0]).path == "scan=2"
    assert bench.values("0") == [0, 2]


def test_an_older_manifest_changes_nothing() -> None:
    bench = Bench()
    bench.write(upsert({"a": [1, 0]}))
    bench.build()
    first = bench.workshop.manifest
    bench.write(upsert({"b": [1, 0]}))
    bench.build()
    bench.adopt()
    bench.namespace.adopt(first, {})
    assert bench.namespace.manifest_version == 2
    assert bench.namespace.record_count == 2


def test_a_manifest_ahead_of_the_namespace_has_to_wait() -> None:
    bench = Bench()
    bench.write(upsert({"a": [1, 0]}))
    bench.build()
    behind = Namespace(SPEC)
    with pytest.raises(FailedPrecondition):
        bench.workshop.adopt(behind)


def test_a_manifest_that_lacks_a_record_is_refused_and_nothing_changes() -> None:
    bench = Bench()
    bench.write(upsert({"a": [1, 0]}), upsert({"b": [1, 0]}))
    bench.workshop.build(bench.log[:1])
    bench.workshop.manifest = replace(bench.workshop.manifest, lsn=2)
    with pytest.raises(DataLoss, match="1 of the 2 records"):
        bench.adopt()
    assert bench.values("b") == [1, 0]
    assert query(bench.namespace, [1, 0]).path == "memtable=1"


def test_a_manifest_that_holds_a_record_twice_cannot_be_opened() -> None:
    bench = Bench()
    bench.write(upsert({"a": [1, 0]}))
    bench.build()
    bench.write(upsert({"a": [2, 0]}))
    bench.build()
    first, second = bench.workshop.manifest.segments[0], bench.workshop.manifest.segments[-1]
    assert first == second, "the builder drops a segment whose records are all gone"
    bench.workshop.manifest = replace(bench.workshop.manifest, segments=(first, first))
    with pytest.raises(DataLoss, match="twice"):
        bench.workshop.open()


def test_parts_of_very_different_size_are_ordered_together() -> None:
    spec = IndexSpec(2, Metric.EUCLIDEAN)
    namespace, workshop = Namespace(spec), Workshop(spec)
    log: list[tuple[int, Operation]] = [(1, upsert({"far": [1e30, 0], "b": [3, 0], "d": [9, 0]}))]
    namespace.apply(*log[0])
    workshop.build(log)
    workshop.adopt(namespace)
    # One part is scored in float64 at once, the other one by keys: both must mean the same.
    namespace.apply(2, upsert({"a": [6, 0], "c": [2, 1], "e": [20, 0]}))
    expected = [("b", 1.0), ("a", 4.0), ("c", 5.0), ("d", 25.0)]
    for top_k in (1, 2, 3, 4):
        assert hits(query(namespace, [4, 0], top_k=top_k)) == expected[:top_k]


def test_filters_see_records_in_segments_and_memtable_alike() -> None:
    bench = Bench()
    bench.write(upsert({"a": [1, 0], "b": [1, 0]}, {"a": {"n": 1}, "b": {"n": "1"}}))
    bench.build()
    bench.adopt()
    bench.write(upsert({"c": [1, 0], "d": [1, 0]}, {"c": {"n": 1.0}, "d": {"n": True}}))
    wanted = {"n": {"$in": [1, True]}}
    assert [match.id for match in query(bench.namespace, [1, 0], where=wanted).matches] == [
        "a",
        "c",
        "d",
    ]
    assert bench.namespace.info("").indexed_fields == ["n"]
