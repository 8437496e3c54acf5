"""The sweep of objects: what is needed stays, what is not goes once nobody can be on its way."""

from dataclasses import replace

import msgspec
import pytest

from dataplane.builder.run import merge_next
from dataplane.builder.tiers import MergePolicy
from kit import clock
from kit.ids import new_id
from storage.garbage import Sweep
from storage.manifests import manifest_path, read_manifest
from storage.sealing import seal_named
from storage.write_log import log
from tests.dataplane.builder.test_merge import build_three
from tests.dataplane.builder.test_run import contents, replayed
from tests.dataplane.builder.yard import FaultyStore, SimulatedCrash, Yard
from tests.dataplane.engine.spaces import upsert

GRACE_S = 3600


def sweep(yard: Yard, *, in_s: float = 0) -> int:
    """A sweep of this namespace's index alone, that many seconds from now."""
    site = yard.site
    before_s = clock.now().timestamp() + in_s - GRACE_S
    key_of = {site.index_id: site.key}.get
    return Sweep(site.connection, OnlyOurs(yard), key_of, before_s).collect()  # type: ignore[arg-type]  # by __getattr__


class OnlyOurs:
    """The store as if it held one namespace: other tests' keys are not known here."""

    def __init__(self, yard: Yard) -> None:
        self._yard = yard

    def __getattr__(self, name: str) -> object:
        return getattr(self._yard.site.store, name)

    def list(self, prefix: str) -> list[str]:
        ours = f"{prefix}{self._yard.site.index_id}/"
        return list(self._yard.site.store.list(ours))


def merge(yard: Yard) -> None:
    merge_next(yard.site, policy=MergePolicy())


def test_what_was_merged_goes_after_the_grace_and_not_before(yard: Yard) -> None:
    build_three(yard)
    merge(yard)
    assert sweep(yard) == 0
    assert sweep(yard, in_s=GRACE_S - 60) == 0
    assert sweep(yard, in_s=GRACE_S + 60) == 3 + 3
    assert (len(yard.objects("segments")), len(yard.objects("manifests"))) == (1, 1)
    assert contents(yard.open_namespace()) == contents(replayed(yard))
    assert sweep(yard, in_s=GRACE_S + 60) == 0


def test_a_reader_that_began_before_the_newest_manifest_finds_its_segments(yard: Yard) -> None:
    build_three(yard)
    before = yard.site.read_manifest()
    merge(yard)
    # The merge was long ago, but the manifest before it was current until then.
    age_manifest(yard, before.version, GRACE_S)
    assert sweep(yard, in_s=60) == 2, "manifests 1 and 2"
    for entry in before.segments:
        assert yard.site.open_segment(entry.segment_id).record_count == 3


def age_manifest(yard: Yard, version: int, by_s: float) -> None:
    site = yard.site
    place = (site.index_id, site.namespace_id)
    found = read_manifest(site.store, site.key, version, index_id=place[0], namespace_id=place[1])
    older = replace(found, made_at_s=found.made_at_s - by_s)
    sealed = seal_named(site.key, msgspec.msgpack.encode(older), "manifest", *place, version)
    site.store.put(manifest_path(*place, version), [sealed])


@pytest.mark.parametrize("step", [1, 2])
def test_what_a_crashed_builder_left_goes_later(yard: Yard, step: int) -> None:
    build_three(yard)
    yard.write(upsert({"late": [1, 1]}))
    with pytest.raises(SimulatedCrash):
        yard.build(store=FaultyStore(yard.site.store, step, is_after=True))  # type: ignore[arg-type]  # by __getattr__
    assert len(yard.objects("segments")) == 4
    assert sweep(yard) == 0, "its writer may still be at work"
    sweep(yard, in_s=GRACE_S + 60)
    assert len(yard.objects("segments")) == 3
    yard.build()
    sweep(yard, in_s=GRACE_S + 60)
    assert len(yard.objects("manifests")) == 1
    assert contents(yard.open_namespace()) == contents(replayed(yard))


def test_nothing_remains_of_a_namespace_that_is_gone(yard: Yard) -> None:
    build_three(yard)
    log.drop_index(yard.site.connection, yard.site.index_id)
    assert sweep(yard) == 0
    assert sweep(yard, in_s=GRACE_S + 60) == 6
    assert yard.objects("segments") == yard.objects("manifests") == []


def test_what_cannot_be_judged_stays(yard: Yard) -> None:
    build_three(yard)
    merge(yard)
    site = yard.site
    before_s = clock.now().timestamp() + 60
    assert Sweep(site.connection, OnlyOurs(yard), lambda _: None, before_s).collect() == 0  # type: ignore[arg-type]  # by __getattr__
    version = site.read_manifest().version
    path = manifest_path(site.index_id, site.namespace_id, version)
    site.store.put(path, [b"not a manifest"])
    assert sweep(yard, in_s=2 * GRACE_S) == 0
    assert len(yard.objects("segments")) == 4


def test_foreign_objects_are_left_alone(yard: Yard) -> None:
    yard.site.store.put(f"indexes/{yard.site.index_id}/notes", [b"somebody's"])
    yard.site.store.put(f"indexes/{yard.site.index_id}/{new_id()}/other/1", [b"somebody's"])
    assert sweep(yard, in_s=2 * GRACE_S) == 0
