"""What an examination finds: something that is not as it was written, and what that means."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum

from kit.errors import DataLoss, NotFound


class Part(StrEnum):
    """What kind of thing is damaged."""

    KEY = "wrapped key"
    NAMESPACE = "namespace"
    BATCH = "log batch"
    MANIFEST = "manifest"
    SEGMENT = "segment"
    ARCHIVE = "archived log"
    BACKUP = "backup"
    PIN = "pin"


@dataclass(frozen=True, slots=True)
class Damage:
    """`subject` is a path in the object store, or table and key of a row."""

    part: Part
    subject: str
    what: str
    meanings: tuple[str, ...]


class Findings:
    """Damages in the order in which they were found; the same one may mean several things."""

    def __init__(self) -> None:
        self._found: dict[tuple[Part, str, str], list[str]] = {}

    def __len__(self) -> int:
        return len(self._found)

    def __iter__(self) -> Iterator[Damage]:
        for (part, subject, what), meanings in self._found.items():
            yield Damage(part, subject, what, tuple(meanings))

    def add(self, part: Part, subject: str, *, what: str, meaning: str) -> None:
        meanings = self._found.setdefault((part, subject, what), [])
        if meaning not in meanings:
            meanings.append(meaning)

    @contextmanager
    def noting(self, part: Part, subject: str, *, meaning: str) -> Iterator[None]:
        """What the block cannot read is a damage, and the examination goes on."""
        try:
            yield
        except (DataLoss, NotFound) as error:
            self.add(part, subject, what=error.message, meaning=meaning)

    def take(self, others: "Findings") -> None:
        for one in others:
            for meaning in one.meanings:
                self.add(one.part, one.subject, what=one.what, meaning=meaning)

    def that_are_in(self, others: "Findings") -> "Findings":
        """Those that a second look found too: what was replaced meanwhile is no damage."""
        confirmed = {(one.part, one.subject, one.what) for one in others}
        both = Findings()
        for one in self:
            if (one.part, one.subject, one.what) in confirmed:
                for meaning in one.meanings:
                    both.add(one.part, one.subject, what=one.what, meaning=meaning)
        return both
