"""Epochs of a chain: which signed heads hold, once it has gone on from a copy of the database."""

from collections.abc import Iterable
from dataclasses import dataclass

from audit.heads import Head


@dataclass(frozen=True, slots=True)
class Epochs:
    """Of one chain; `openings` in their order. Each is signed, so whoever has but the database
    cannot pass a cut end off as a restore."""

    openings: tuple[Head, ...]

    @classmethod
    def of(cls, heads: Iterable[Head]) -> "Epochs":
        found = {head for head in heads if head.opening is not None}
        return cls(tuple(sorted(found, key=lambda head: head.epoch)))

    def ended_by(self, head: Head) -> Head | None:
        """The opening whose copy was taken before the head, which holds no longer."""
        later = (one for one in self.openings if one.epoch > head.epoch)
        return next((one for one in later if one.sequence < head.sequence), None)

    def fault(self, head: Head) -> str | None:
        """What contradicts the head, apart from the chain itself."""
        if head.epoch and not any(one.epoch == head.epoch for one in self.openings):
            return "a head was signed after a restore that nothing tells of"
        end = self.ended_by(head)
        if end is not None and end.opening and head.sequence > end.opening.lost_sequence:
            return f"the end is cut off: {head.sequence} was signed, and the restore knew nothing"
        return None

    def lost_by(self, heads: Iterable[Head], sequence: int) -> int:
        """The last sequence that is lost with a copy that ends at `sequence`; 0: none is.

        A restore from the same copy that was given up has said so of the same ones.
        """
        ends = [head.sequence for head in heads if self.ended_by(head) is None]
        ends += [
            one.opening.lost_sequence
            for one in self.openings
            if one.opening is not None and one.sequence == sequence
        ]
        last = max(ends, default=0)
        return last if last > sequence else 0
