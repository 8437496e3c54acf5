"""A part of a namespace: records in numbered rows that are searched together."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from pyroaring import BitMap

from dataplane.engine.coded_rows import CodedRows
from dataplane.engine.evaluation import Budget, matching_rows
from dataplane.engine.filters import Expression
from dataplane.engine.graph import Graph
from dataplane.engine.metadata_index import MetadataIndex
from dataplane.engine.sparse import SparseRows
from dataplane.engine.tombstones import Tombstones

Float32: TypeAlias = npt.NDArray[np.float32]
Int64: TypeAlias = npt.NDArray[np.int64]


def record_bytes(
    width: int, ids: Sequence[str], metadata_bytes: Int64, sparse_starts: Int64
) -> Int64:
    """What each record holds: values, id, metadata and sparse part (an index and a value each)."""
    ids_bytes = np.fromiter(map(len, ids), np.int64, len(ids))
    found: Int64 = 4 * width + ids_bytes + metadata_bytes + 8 * np.diff(sparse_starts)
    return found


class Part(ABC):
    """Columns over the rows 0 … `row_count` - 1. Deleted rows keep their place."""

    tombstones: Tombstones
    ids: list[str]
    sparse: SparseRows
    graph: Graph | None = None
    coded: CodedRows | None = None
    needs_float64 = False
    largest_norm = 0.0
    _live_bytes = 0
    _measured_at = (0, 0)

    @property
    @abstractmethod
    def kind(self) -> str:
        """How the part is called in the path of a reply."""

    @property
    @abstractmethod
    def vectors(self) -> Float32:
        """(row_count, width), contiguous."""

    @property
    @abstractmethod
    def norms(self) -> Float32: ...

    @property
    @abstractmethod
    def inverse_norms(self) -> Float32: ...

    @property
    @abstractmethod
    def metadata_index(self) -> MetadataIndex: ...

    @abstractmethod
    def metadata(self, row: int) -> bytes | None:
        """Compact JSON, as it was sent."""

    @property
    @abstractmethod
    def size_bytes(self) -> int: ...

    @property
    def held_bytes(self) -> int:
        """Of these, what this process holds: not what it maps of another engine's memory."""
        return self.size_bytes

    @property
    @abstractmethod
    def row_bytes(self) -> Int64:
        """What the record of each row holds."""

    @property
    def live_bytes(self) -> int:
        """What the live records hold; added up anew only after rows came or went."""
        now = (self.row_count, self.tombstones.deleted_count)
        if now != self._measured_at:
            self._live_bytes = int(self.row_bytes[self.tombstones.live].sum())
            self._measured_at = now
        return self._live_bytes

    @property
    def row_count(self) -> int:
        return len(self.ids)

    @property
    def live_count(self) -> int:
        return self.tombstones.live_count

    def matching(self, expression: Expression, budget: Budget) -> BitMap:
        """The live rows that satisfy the expression. Do not change it."""
        found = matching_rows(expression, self.metadata_index, budget)
        return found - self.tombstones.bitmap if self.tombstones.deleted_count else found
