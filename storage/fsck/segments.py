"""Examining manifests and the segments that they name; each object is read once in a run."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from pyroaring import BitMap

from keyring.envelope import DataKey
from kit.errors import DataLoss, NotFound
from storage.archive.form import Place
from storage.fsck.damage import Findings, Part
from storage.manifests import Manifest, SegmentEntry, manifest_path, read_manifest
from storage.objects import ObjectStore
from storage.segments import SegmentName, SegmentReader


@dataclass(slots=True)
class SegmentShelf:
    """What is known of the segments so far. `dimension` is 0 for sparse indexes."""

    store: ObjectStore
    bytes_read: int = 0
    _problems: dict[SegmentName, str] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self._problems)

    def forget(self) -> None:
        """A second look reads again what did not seem sound."""
        self._problems = {name: what for name, what in self._problems.items() if not what}

    def problem(self, key: DataKey, name: SegmentName, dimension: int) -> str:
        """What is wrong with it; "" where every byte authenticates."""
        if name not in self._problems:
            try:
                self._read(key, name, dimension)
                self._problems[name] = ""
            except (DataLoss, NotFound) as error:
                self._problems[name] = error.message
        return self._problems[name]

    def _read(self, key: DataKey, name: SegmentName, dimension: int) -> None:
        reader = SegmentReader(self.store, key, name)
        if reader.dimension != dimension:
            raise DataLoss("Its vectors are of another dimension than the index.")
        reader.authenticate()
        reader.read_ids()
        self.bytes_read += reader.size_bytes


@dataclass(frozen=True, slots=True)
class SegmentExamination:
    """The segments of one namespace, as manifests and backups name them."""

    shelf: SegmentShelf
    key: DataKey
    place: Place
    dimension: int
    findings: Findings

    def manifest(self, version: int, lsn: int, *, meaning: str) -> None:
        """The manifest of that version, which covers the log up to that LSN, and what it names."""
        path = manifest_path(*self.place, version)
        with self.findings.noting(Part.MANIFEST, path, meaning=meaning):
            found = self._read(version)
            if found.lsn != lsn:
                raise DataLoss(f"It covers the log up to LSN {found.lsn}, its row says {lsn}.")
            self.entries(found.segments, path, meaning=meaning)

    def entries(self, entries: tuple[SegmentEntry, ...], named_by: str, *, meaning: str) -> None:
        """Segments that the object `named_by` names. Raises `DataLoss` where that one is wrong."""
        live: set[str] = set()
        for entry in entries:
            name = SegmentName(*self.place, entry.segment_id)
            problem = self.shelf.problem(self.key, name, self.dimension)
            if problem:
                self.findings.add(Part.SEGMENT, name.path, what=problem, meaning=meaning)
                continue
            ids = list(self._live_ids(name, entry))
            if not live.isdisjoint(ids):
                raise DataLoss(f"{named_by} holds a record twice.")
            live.update(ids)

    def _read(self, version: int) -> Manifest:
        index_id, namespace_id = self.place
        return read_manifest(
            self.shelf.store, self.key, version, index_id=index_id, namespace_id=namespace_id
        )

    def _live_ids(self, name: SegmentName, entry: SegmentEntry) -> Iterator[str]:
        ids = SegmentReader(self.shelf.store, self.key, name).read_ids()
        deleted = BitMap.deserialize(entry.deleted) if entry.deleted else BitMap()
        if len(ids) != entry.record_count or (deleted and deleted.max() >= len(ids)):
            raise DataLoss(f"It says other counts than the segment {entry.segment_id} has.")
        return (record_id for row, record_id in enumerate(ids) if row not in deleted)
