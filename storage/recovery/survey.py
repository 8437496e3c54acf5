"""What the object store, and rows of an earlier time, tell of one namespace."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from uuid import UUID

import msgspec

from keyring.envelope import DataKey
from kit.errors import DataLoss, NotFound
from storage.archive.form import (
    Created,
    Dropped,
    Place,
    Stretch,
    created_path,
    dropped_path,
    read_created,
    read_dropped,
)
from storage.fsck.damage import Findings, Part
from storage.fsck.rows import NamespaceState
from storage.garbage import Stored
from storage.manifests import Manifest, manifest_path, read_manifest
from storage.objects import ObjectStore
from storage.pins import Pin

MEANING = "What it held may be missing; the index is not served where that can be told."


@dataclass(frozen=True, slots=True)
class Surveyed:
    """A namespace as it is to be: `manifest` is its newest one, `bases` are all that are whole.

    `known_lsn` is how far its log is known to have gone, whether or not it can be read.
    """

    place: Place
    created: Created
    manifest: Manifest
    bases: list[Manifest]
    stretches: list[Stretch]
    known_lsn: int
    dropped: Dropped | None

    @property
    def namespace_id(self) -> UUID:
        return self.place[1]

    @property
    def archived_lsn(self) -> int:
        return max((one.last for one in self.stretches), default=0)

    def begun_anew(self, at_us: int) -> "Surveyed":
        """The same, its log known from now on alone: it is introduced to the archive once more."""
        created = msgspec.structs.replace(
            self.created, origin_lsn=self.manifest.lsn, origin_at_us=at_us
        )
        return replace(self, created=created, stretches=[])

    def ended(self, at_us: int) -> "Surveyed":
        """The same, as dropped at that time."""
        last = max(self.archived_lsn, self.manifest.lsn)
        return replace(self, dropped=Dropped(at_us, last))


@dataclass(frozen=True, slots=True)
class Survey:
    """Of the namespaces of one index, under its key. Notes what does not authenticate."""

    store: ObjectStore
    key: DataKey
    index_id: UUID
    findings: Findings = field(default_factory=Findings)
    pins: Mapping[Place, Collection[Pin]] = field(default_factory=dict)

    def of(
        self, namespace_id: UUID, found: Stored, state: NamespaceState | None
    ) -> Surveyed | None:
        """None for what was never introduced to the archive: not even its name is known."""
        place = (self.index_id, namespace_id)
        created = self._created(place, found, state)
        if created is None:
            return None
        whole = self._whole_manifests(place, found)
        stretches = sorted(found.stretches)
        return Surveyed(
            place=place,
            created=_from(created, _still_whole(stretches, self.pins.get(place, ()))),
            manifest=whole[-1] if whole else Manifest(),
            bases=whole,
            stretches=stretches,
            known_lsn=max(state.archived_lsn, state.manifest_lsn) if state is not None else 0,
            dropped=self._dropped(place, found, state),
        )

    def _created(self, place: Place, found: Stored, state: NamespaceState | None) -> Created | None:
        """The row's own word first: it knows how far the sweep had come."""
        if state is not None:
            return Created(
                state.name_sealed, state.schema_sealed, state.created_at_us,
                state.origin_lsn, state.origin_at_us,
            )  # fmt: skip
        path = created_path(place)
        if path in found.life:
            with self.findings.noting(Part.ARCHIVE, path, meaning=MEANING):
                return read_created(self.store, self.key, place)
        return None

    def _dropped(self, place: Place, found: Stored, state: NamespaceState | None) -> Dropped | None:
        path = dropped_path(place)
        if path in found.life:
            with self.findings.noting(Part.ARCHIVE, path, meaning=MEANING):
                return read_dropped(self.store, self.key, place)
        if state is not None and state.dropped_at_us is not None:
            return Dropped(state.dropped_at_us, state.last_lsn or 0)
        return None

    def _whole_manifests(self, place: Place, found: Stored) -> list[Manifest]:
        """Those whose segments are all there, the oldest first. A builder that died may have left
        one that never became current: it tells the same as the log up to its LSN."""
        whole = []
        for version in sorted(found.manifests):
            path = manifest_path(*place, version)
            with self.findings.noting(Part.MANIFEST, path, meaning=MEANING):
                manifest = self._manifest(place, version)
                if all(entry.segment_id in found.segments for entry in manifest.segments):
                    whole.append(manifest)
        return whole

    def _manifest(self, place: Place, version: int) -> Manifest:
        index_id, namespace_id = place
        try:
            return read_manifest(
                self.store, self.key, version, index_id=index_id, namespace_id=namespace_id
            )
        except NotFound as error:
            raise DataLoss(f"Manifest {version} was there a moment ago.") from error


def _still_whole(stretches: list[Stretch], pins: Collection[Pin]) -> list[Stretch]:
    """Without the first ones that stay for backups alone: the sweep took what followed them."""
    begin = 0
    for number in range(1, len(stretches)):
        before = stretches[:number]
        is_gap = stretches[number].first > max(one.last for one in before) + 1
        if is_gap and all(_is_pinned(one, pins) for one in stretches[begin:number]):
            begin = number
    return stretches[begin:]


def _is_pinned(stretch: Stretch, pins: Collection[Pin]) -> bool:
    return any(pin.needs(stretch.first, stretch.last) for pin in pins)


def _from(created: Created, stretches: list[Stretch]) -> Created:
    """The sweep may have let go of the log's beginning since the row was written."""
    if not stretches or stretches[0].first <= created.origin_lsn + 1:
        return created
    return msgspec.structs.replace(created, origin_lsn=stretches[0].first - 1)
