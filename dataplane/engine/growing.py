"""Columns that grow by doubling: appending costs one copy of what is appended, amortised."""

from typing import Any

import numpy as np
import numpy.typing as npt

_FIRST_CAPACITY = 4


class GrowingArray:
    """A contiguous array whose first axis grows. Views of `rows` are void after the next append."""

    def __init__(self, dtype: npt.DTypeLike, width: int | None = None) -> None:
        shape = (_FIRST_CAPACITY,) if width is None else (_FIRST_CAPACITY, width)
        self._buffer: npt.NDArray[Any] = np.empty(shape, dtype)
        self._length = 0

    def __len__(self) -> int:
        return self._length

    @property
    def rows(self) -> npt.NDArray[Any]:
        """What was appended so far, without a copy."""
        return self._buffer[: self._length]

    def append(self, block: npt.NDArray[Any]) -> None:
        """Add the rows of `block` at the end."""
        end = self._length + len(block)
        if end > len(self._buffer):
            self._grow(end)
        self._buffer[self._length : end] = block
        self._length = end

    def _grow(self, needed: int) -> None:
        capacity = max(needed, 2 * len(self._buffer))
        buffer = np.empty((capacity, *self._buffer.shape[1:]), self._buffer.dtype)
        buffer[: self._length] = self.rows
        self._buffer = buffer
