"""Which engine a read goes to: all that serve the index in turn, but not who refused just now."""

from itertools import count
from uuid import UUID

from kit import clock
from storage.catalog import IndexRow

_LEFT_OUT_S = 0.5


class Rotation:
    """From any thread. An engine that is not in the index's rotation refuses its reads itself."""

    def __init__(self) -> None:
        self._turns = count()
        self._left_out_until: dict[tuple[UUID, int], float] = {}

    def reader(self, index: IndexRow) -> int:
        """The number of an engine; the writer's where nobody else is known to be well."""
        engine = index.engines[next(self._turns) % len(index.engines)]
        until_s = self._left_out_until.get((index.index_id, engine))
        if until_s is None:
            return engine
        if clock.monotonic_s() < until_s:
            return index.engines[0]
        self._left_out_until.pop((index.index_id, engine), None)
        return engine

    def group(self, index: IndexRow) -> tuple[int, ...]:
        """The engines that answer a query together, in turn where there are several such groups;
        fewer than two where one engine is to answer alone."""
        size = min(index.shards, len(index.engines))
        turn = next(self._turns) % (len(index.engines) // size)
        engines = tuple(index.engines[turn * size : (turn + 1) * size])
        now = clock.monotonic_s()
        is_whole = all(
            now >= self._left_out_until.get((index.index_id, engine), 0.0) for engine in engines
        )
        return engines if is_whole else ()

    def leave_out(self, index: IndexRow, engine: int) -> None:
        """For a moment: the engine did not answer, or refused."""
        self._left_out_until[index.index_id, engine] = clock.monotonic_s() + _LEFT_OUT_S
