"""Which rows of a part no longer hold a record."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from pyroaring import BitMap

from dataplane.engine.growing import GrowingArray


class Tombstones:
    """The same set twice: a bitmap to subtract from filters, a mask to apply to scores."""

    def __init__(self, row_count: int, deleted: BitMap | None = None) -> None:
        self.bitmap = BitMap() if deleted is None else deleted
        self._live = GrowingArray(np.bool_)
        self._live.append(np.ones(row_count, np.bool_))
        if self.bitmap:
            self._live.rows[list(self.bitmap)] = False
        self._deleted_count = len(self.bitmap)

    @property
    def live(self) -> npt.NDArray[np.bool_]:
        """True where the row holds a record."""
        mask: npt.NDArray[np.bool_] = self._live.rows
        return mask

    @property
    def deleted_count(self) -> int:
        return self._deleted_count

    @property
    def live_count(self) -> int:
        return len(self._live) - self._deleted_count

    def grow(self, row_count: int) -> None:
        """That many more rows, all of them live."""
        self._live.append(np.ones(row_count, np.bool_))

    def bury(self, rows: Sequence[int]) -> None:
        """The rows, live or not, hold no record from now on."""
        if len(rows) == 1:
            self.bitmap.add(rows[0])
            self._live.rows[rows[0]] = False
        else:
            self.bitmap.update(rows)
            self._live.rows[rows] = False
        self._deleted_count = len(self.bitmap)

    def bury_all(self) -> None:
        self.bitmap = BitMap(range(len(self._live)))
        self._live.rows[:] = False
        self._deleted_count = len(self._live)
