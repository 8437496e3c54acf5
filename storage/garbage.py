"""Objects that nothing needs any more: what a sweep finds in the object store and may delete.

A writer puts a segment, then a manifest, then makes that current; a reader reads the current
version, then its manifest, then the segments. So an object is let alone while it may still be on
either way: segments by the time in their id, what manifests name by when they were replaced.

Restores to a second need more: what the window reaches back to is chosen by
`storage/archive/retention.py`, of namespaces that were dropped too.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from uuid import UUID

import structlog

from keyring.envelope import DataKey
from kit.errors import NotFound, StonepineError
from kit.ids import minted_at_s
from storage.archive import retention, rows
from storage.archive.form import LIFE, LOG, Stretch
from storage.archive.rows import Base
from storage.database import Connection
from storage.manifests import Manifest, read_manifest
from storage.objects import ObjectStore
from storage.pins import Pin, pins_by_place
from storage.write_log import log

_ROOT = "indexes/"
# Of a namespace that has gone no manifest will ever be current again.
_NEVER = 2**63

_log = structlog.get_logger()

Place = tuple[UUID, UUID]


@dataclass(slots=True)
class Stored:
    """What lies in the store for one namespace: paths by segment id, by manifest version, by
    stretch of the archived log; and what tells of its life."""

    segments: dict[UUID, str] = field(default_factory=dict)
    manifests: dict[int, str] = field(default_factory=dict)
    stretches: dict[Stretch, str] = field(default_factory=dict)
    life: list[str] = field(default_factory=list)

    @property
    def all_paths(self) -> list[str]:
        named = (self.segments, self.manifests, self.stretches)
        return [*(path for paths in named for path in paths.values()), *self.life]

    def unneeded(self, needed: list[Manifest], current: int, before_s: float) -> list[str]:
        """What these manifests neither name nor are; ones after the current are in the making."""
        versions = {manifest.version for manifest in needed}
        named = {entry.segment_id for manifest in needed for entry in manifest.segments}
        return [
            *(path for version, path in self.manifests.items()
              if version < current and version not in versions),
            *(path for segment_id, path in self.segments.items()
              if segment_id not in named and minted_at_s(segment_id) < before_s),
        ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Needed:
    """What the database says that a namespace needs; `version` None: it has no row any more."""

    version: int | None
    pins: Collection[Pin]
    bases: list[Base]
    is_dropped: bool

    @property
    def is_nothing(self) -> bool:
        return self.version is None and not self.pins and not self.is_dropped

    @property
    def pinned_versions(self) -> set[int]:
        return {pin.manifest_version for pin in self.pins if pin.manifest_version}

    def is_pinned(self, stretch: Stretch) -> bool:
        """Whether a backup reads some of it."""
        return any(pin.needs(stretch.first, stretch.last) for pin in self.pins)


@dataclass(frozen=True, slots=True)
class Sweep:
    """One look at everything. `before_s`: what began before then has ended, so no build may last
    as long as from then till now, clocks' differences included. `spared` are indexes that are just
    being filled (they have objects long before they have namespaces) or read by a restore to a
    second. `window_s_of` an index is how long before `before_s` such a restore may reach."""

    connection: Connection
    store: ObjectStore
    key_of: Callable[[UUID], DataKey | None]
    before_s: float
    spared: frozenset[UUID] = frozenset()
    window_s_of: Callable[[UUID], float] = lambda _: 0.0

    def collect(self) -> int:
        """Delete what no process can need any more; how many objects.

        What cannot be judged (no key, an unreadable manifest) stays.
        """
        # In this order: a namespace has its row before its first object.
        stored = stored_by_place(self.store.list(_ROOT))
        versions = log.manifest_versions(self.connection)
        # After that: who drops a namespace waits for a backup that is just pinning it. And a base
        # is noted while it is current, the end of a namespace with its row.
        pins, bases = pins_by_place(self.connection), rows.noted_bases(self.connection)
        dropped = self._lately_dropped()
        count = 0
        for place, found in stored.items():
            if place[0] in self.spared:
                continue
            needed = Needed(
                versions.get(place), pins.get(place, ()), bases.get(place, []), place in dropped
            )
            try:
                count += self._collect(place, found, needed)
            except StonepineError as error:
                _log.warning("garbage.not_judged", index_id=str(place[0]), reason=str(error))
        return count

    def _lately_dropped(self) -> set[Place]:
        """Those that a restore may still reach; the others are forgotten."""
        late = set()
        for place, dropped_at in rows.dropped(self.connection).items():
            if place[0] in self.spared or dropped_at.timestamp() >= self._start_s(place):
                late.add(place)
            else:
                rows.forget_dropped(self.connection, place)
        return late

    def _start_s(self, place: Place) -> float:
        return self.before_s - self.window_s_of(place[0])

    def _collect(self, place: Place, found: Stored, needed: Needed) -> int:
        if not needed.is_nothing:
            doomed = self._doomed(place, found, needed)
        elif all(minted_at_s(segment_id) < self.before_s for segment_id in found.segments):
            doomed = found.all_paths
        else:
            doomed = []
        for path in doomed:
            self.store.delete(path)
        return len(doomed)

    def _doomed(self, place: Place, found: Stored, needed: Needed) -> list[str]:
        version, bases, floor_lsn = needed.version, needed.bases, _NEVER
        kept = [self._read(place, one) for one in needed.pinned_versions]
        if version is not None:
            recent = self._recent(place, version)
            kept += recent
            # A backup that has just looked, and pins in a moment, begins with one of these.
            floor_lsn = recent[-1].lsn if recent else 0
            bases = bases + [Base(one.lsn, one.version) for one in recent[:1]]
        first = retention.first_base(bases, found.stretches, round(self._start_s(place) * 1e6))
        gone = [one for one in retention.unneeded(found.stretches, first) if one.last <= floor_lsn]
        if first is not None:
            if gone or needed.bases[:1] != [first]:
                rows.start_from(self.connection, place, first)
            bases = [one for one in bases if one >= first]
        kept += [self._read(place, one.manifest_version) for one in bases]
        if version is None and not needed.is_dropped:
            gone = list(found.stretches)  # the index has gone, and only backups are left of it
        current = version if version is not None else _NEVER
        unneeded = found.unneeded(kept, current, self.before_s)
        return unneeded + [found.stretches[one] for one in gone if not needed.is_pinned(one)]

    def _recent(self, place: Place, version: int) -> list[Manifest]:
        """The current manifest, and those before it that were current at `before_s` or since."""
        recent: list[Manifest] = []
        if not version:
            self._key(place)
        while version:
            try:
                manifest = self._read(place, version)
            except NotFound:
                if not recent:
                    raise
                break  # an earlier sweep took it
            recent.append(manifest)
            if manifest.made_at_s < self.before_s:
                break
            version = manifest.previous
        return recent

    def _read(self, place: Place, version: int) -> Manifest:
        index_id, namespace_id = place
        key = self._key(place)
        return read_manifest(self.store, key, version, index_id=index_id, namespace_id=namespace_id)

    def _key(self, place: Place) -> DataKey:
        key = self.key_of(place[0])
        if key is None:
            raise NotFound("The index has no data key.")
        return key


def stored_by_place(paths: Iterable[str]) -> dict[Place, Stored]:
    """By index and namespace; what has another form is none of our business."""
    found: dict[Place, Stored] = defaultdict(Stored)
    for path in paths:
        parts = path.split("/")
        try:
            _, index_id, namespace_id, kind, name = parts
            stored = found[UUID(index_id), UUID(namespace_id)]
            if kind == "segments":
                stored.segments[UUID(name)] = path
            elif kind == "manifests":
                stored.manifests[int(name)] = path
            elif kind == LOG:
                stored.stretches[Stretch.named(name)] = path
            elif kind == LIFE:
                stored.life.append(path)
        except ValueError:
            continue
    return found
