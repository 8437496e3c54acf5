"""What the comparison asks of a contender, and the filters that all of them understand."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from benchmarks.closed_loop import Dialogue
from benchmarks.packages50k import Packages


@dataclass(frozen=True)
class Filter:
    """`shard < limit`, or `section == section`; both None means everything."""

    name: str
    limit: int | None = None
    section: str | None = None


class Running(Protocol):
    """A contender that was started, on a scratch folder and a loopback port of its own."""

    def ingest(self, data: Packages) -> float:
        """Take all records, acknowledged; seconds that took, without the encoding beforehand."""

    def settle(self, data: Packages) -> None:
        """Wait until background builds are done."""

    def dialogue(self, data: Packages, kind: Filter) -> Dialogue:
        """Request `i` asks for the neighbours of query `i`."""

    def ids(self, answer: bytes) -> list[str]:
        """The ids in an answer."""


Start = Callable[[Path, int], AbstractContextManager[Running]]
