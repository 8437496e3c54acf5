"""Segments become one: the records stay, deleted rows go, and a builder may die at any step."""

import numpy as np
import pytest

from dataplane.builder.run import Outcome, Status, merge_next
from dataplane.builder.tiers import MergePolicy
from dataplane.engine import messages
from dataplane.engine.namespace import Namespace
from kit.errors import Aborted, DataLoss
from storage.manifests import Manifest, commit_manifest
from storage.objects import ObjectStore
from storage.write_log import log
from storage.write_log.operations import DeleteOperation, UpdateOperation
from tests.dataplane.builder.test_run import contents, replayed
from tests.dataplane.builder.yard import FaultyStore, SimulatedCrash, Yard
from tests.dataplane.engine.spaces import hits, query, rows, upsert

POLICY = MergePolicy()


def merge(yard: Yard, *, store: ObjectStore | None = None, policy: MergePolicy = POLICY) -> Outcome:
    return merge_next(yard.site_on(store), policy=policy)


def is_due(yard: Yard) -> bool:
    place = (yard.site.index_id, yard.site.namespace_id)
    return place in log.merges_due(yard.site.connection)


def build_three(yard: Yard) -> None:
    for start in range(0, 9, 3):
        names = [f"id-{number}" for number in range(start, start + 3)]
        yard.write(rows(names, np.full((3, 2), start + 1, np.float32)))
        yard.build()


def test_three_segments_become_one_with_the_same_records(yard: Yard) -> None:
    build_three(yard)
    assert is_due(yard)
    outcome = merge(yard)
    assert (outcome.status, outcome.record_count, outcome.segment_count) == (Status.BUILT, 9, 1)
    assert outcome.lsn == 3
    assert not is_due(yard)
    assert contents(yard.open_namespace()) == contents(replayed(yard))


def test_deleted_and_replaced_rows_are_dropped_and_metadata_are_found(yard: Yard) -> None:
    yard.write(upsert({"a": [1, 0], "b": [2, 0]}, {"a": {"n": 1}, "b": {"n": 2}}))
    yard.build()
    yard.write(upsert({"c": [1, 1], "d": [2, 2]}, {"d": {"n": 2}}))
    yard.build()
    yard.write(
        DeleteOperation(["a"]),
        UpdateOperation(["c"], set_metadata=b'{"n":3}'),
        upsert({"e": [5, 5]}),
    )
    yard.build()
    assert merge(yard, policy=MergePolicy(growth=2)).record_count == 4
    opened = yard.open_namespace()
    assert contents(opened) == contents(replayed(yard))
    found = query(opened, [1, 0], where={"n": {"$gte": 2}})
    assert sorted(match.id for match in found.matches) == ["b", "c", "d"]


def test_where_nothing_is_worth_merging_nothing_changes(yard: Yard) -> None:
    yard.write(upsert({"a": [1, 0]}))
    yard.build()
    outcome = merge(yard)
    assert (outcome.status, outcome.manifest_version) == (Status.NOTHING, 1)
    assert len(yard.objects("segments")) == 1


@pytest.mark.parametrize("is_after", [False, True])
@pytest.mark.parametrize("step", [1, 2])
def test_a_crash_at_any_step_leaves_the_namespace_as_it_was(
    yard: Yard, step: int, *, is_after: bool
) -> None:
    build_three(yard)
    with pytest.raises(SimulatedCrash):
        merge(yard, store=FaultyStore(yard.site.store, step, is_after=is_after))  # type: ignore[arg-type]  # by __getattr__
    assert contents(yard.open_namespace()) == contents(replayed(yard))
    assert merge(yard).segment_count == 1
    assert contents(yard.open_namespace()) == contents(replayed(yard))


class BuildingStore:
    """Lets a build finish just before this run's manifest is written."""

    def __init__(self, yard: Yard) -> None:
        self._yard = yard

    def __getattr__(self, name: str) -> object:
        return getattr(self._yard.site.store, name)

    def put(self, path: str, chunks: object, *, is_new: bool = False) -> int:
        if "/manifests/" in path:
            self._yard.build()
        return self._yard.site.store.put(path, chunks, is_new=is_new)  # type: ignore[arg-type]  # passed on


def test_a_build_that_is_faster_wins_and_the_merge_cleans_up(yard: Yard) -> None:
    build_three(yard)
    yard.write(DeleteOperation(["id-0"]), upsert({"id-9": [7, 7]}))
    with pytest.raises(Aborted):
        merge(yard, store=BuildingStore(yard))  # type: ignore[arg-type]  # by __getattr__
    assert len(yard.objects("segments")) == 4
    assert contents(yard.open_namespace()) == contents(replayed(yard))
    merge(yard)
    assert contents(yard.open_namespace()) == contents(replayed(yard))


def test_a_record_in_two_segments_is_data_loss(yard: Yard) -> None:
    build_three(yard)
    manifest = yard.site.read_manifest()
    twice = (*manifest.segments, manifest.segments[0])
    commit(yard, Manifest(lsn=manifest.lsn, segments=twice))
    with pytest.raises(DataLoss):
        merge(yard)


def commit(yard: Yard, proposed: Manifest) -> None:
    site = yard.site
    commit_manifest(
        site.connection, site.store, site.key, proposed,
        index_id=site.index_id, namespace_id=site.namespace_id,
        expected_version=site.read_manifest().version,
    )  # fmt: skip


def test_ids_and_scores_are_those_from_before(yard: Yard) -> None:
    build_three(yard)
    before = hits(query(yard.open_namespace(), [1, 2], top_k=9))
    merge(yard)
    after: Namespace = yard.open_namespace()
    assert hits(query(after, [1, 2], top_k=9)) == before
    listed = after.list_ids(messages.ListIds(index_id=yard.site.index_id, limit=100)).ids
    assert listed == [f"id-{number}" for number in range(9)]
