"""The segments that a manifest holds already: where their records lie, which of them have gone."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from uuid import UUID

from pyroaring import BitMap

from dataplane.builder.record import Record
from dataplane.engine.sparse import SparseRows
from storage.manifests import SegmentEntry
from storage.segments import SegmentReader
from storage.write_log.operations import Float32


class _Columns:
    """The columns of one segment, read when the first record is asked for."""

    def __init__(self, reader: SegmentReader) -> None:
        self._reader = reader

    def record(self, row: int) -> Record:
        ends, blob = self._metadata
        start = int(ends[row - 1]) if row else 0
        metadata = blob[start : int(ends[row])] or None
        return Record(self._vectors[row], self._sparse.row(row), metadata)

    @cached_property
    def _vectors(self) -> Float32:
        return self._reader.read_vectors()

    @cached_property
    def _sparse(self) -> SparseRows:
        return SparseRows.of_columns(*self._reader.read_sparse())

    @cached_property
    def _metadata(self) -> tuple[list[int], bytes]:
        ends, blob = self._reader.read_metadata()
        return ends.tolist(), blob


@dataclass(slots=True)
class _Older:
    entry: SegmentEntry
    deleted: BitMap
    columns: _Columns


class OlderSegments:
    """Looks up live records of the segments by id, and collects which rows to delete."""

    def __init__(
        self, entries: Iterable[SegmentEntry], open_segment: Callable[[UUID], SegmentReader]
    ) -> None:
        self._segments: list[_Older] = []
        self._rows: dict[str, tuple[_Older, int]] = {}
        for entry in entries:
            reader = open_segment(entry.segment_id)
            deleted = BitMap.deserialize(entry.deleted) if entry.deleted else BitMap()
            older = _Older(entry, deleted, _Columns(reader))
            self._segments.append(older)
            for row, record_id in enumerate(reader.read_ids()):
                if row not in deleted:
                    self._rows[record_id] = (older, row)

    def find(self, record_id: str) -> Record | None:
        """The live record of that id."""
        place = self._rows.get(record_id)
        return None if place is None else place[0].columns.record(place[1])

    def records(self) -> Iterator[tuple[str, Record]]:
        """Every live record, in no particular order."""
        for record_id, (older, row) in self._rows.items():
            yield record_id, older.columns.record(row)

    def delete(self, record_id: str) -> None:
        """The record, if there is one, lives in no older segment from now on."""
        place = self._rows.pop(record_id, None)
        if place is not None:
            place[0].deleted.add(place[1])

    def delete_all(self) -> None:
        self._segments.clear()
        self._rows.clear()

    def entries(self) -> list[SegmentEntry]:
        """The entries with today's deletions; segments without a live record have gone."""
        return [
            replace(older.entry, deleted=_serialized(older.deleted))
            for older in self._segments
            if len(older.deleted) < older.entry.record_count
        ]


def _serialized(deleted: BitMap) -> bytes:
    deleted.run_optimize()
    return deleted.serialize()
