"""The oracle of kills and power cuts: what may be stored, given what was answered.

A record's state is (values token, metadata token), or None while it does not exist. Every write is
acknowledged, refused, or left open (indeterminate); a refused one has no effect, an open one may
have had its effect or not. So the journal keeps, per record, the set of states that are possible;
what is stored must be one of them:

* *lost*     what is stored was possible once, but an acknowledged write has replaced it since;
* *phantom*  what is stored was never possible;
* *partial*  of an open batch some records must have been written and others cannot have been.

Writes to one record come one after the other (each record has one writer).
"""

import threading
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

State = tuple[int, int] | None
Choices = frozenset[tuple[int, bool]]  # open writes that led to a state: (write, took effect)


class Kind(StrEnum):
    UPSERT = "upsert"
    SET_METADATA = "set metadata"
    SET_VALUES = "set values"
    DELETE = "delete"


class Verdict(StrEnum):
    LOST = "lost"
    PHANTOM = "phantom"
    PARTIAL = "partial"


@dataclass(frozen=True)
class Violation:
    verdict: Verdict
    subject: str
    stored: State
    possible: tuple[State, ...] = ()


@dataclass(frozen=True)
class Write:
    """One request: all its records are written, or none. `token` tells its effect apart."""

    number: int
    kind: Kind
    record_ids: tuple[str, ...]

    def effect(self, state: State) -> State:
        match self.kind:
            case Kind.UPSERT:
                return (self.number, self.number)
            case Kind.DELETE:
                return None
            case Kind.SET_METADATA:
                return None if state is None else (state[0], self.number)
            case Kind.SET_VALUES:
                return None if state is None else (self.number, state[1])


@dataclass
class _Record:
    branches: dict[State, set[Choices]] = field(default_factory=lambda: {None: {frozenset()}})
    seen: set[State] = field(default_factory=lambda: {None})
    moments: list[frozenset[State]] = field(default_factory=lambda: [frozenset([None])])
    running: Write | None = None

    def become(self, branches: dict[State, set[Choices]]) -> None:
        self.branches = branches
        self.seen |= branches.keys()
        self.moments.append(frozenset(branches))


@dataclass
class Counts:
    acknowledged: int = 0
    refused: int = 0
    indeterminate: int = 0


class Journal:
    """Thread-safe; lives outside whatever is being broken."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._records: dict[str, _Record] = defaultdict(_Record)
        self._open: dict[int, Write] = {}
        self._last_number = 0
        self.counts = Counts()

    def begin(self, kind: Kind, record_ids: Iterable[str]) -> Write:
        """Announce a write before it is sent. Its `number` is the token to store."""
        with self._lock:
            self._last_number += 1
            write = Write(self._last_number, kind, tuple(record_ids))
            for record_id in write.record_ids:
                record = self._records[record_id]
                if record.running is not None:
                    raise ValueError(f"{record_id} has a write under way: one writer a record")
                record.running = write
                record.moments.append(
                    frozenset(record.branches) | {write.effect(state) for state in record.branches}
                )
            return write

    def acknowledged(self, write: Write) -> None:
        with self._lock:
            self.counts.acknowledged += 1
            for record in self._finish(write):
                record.become(_moved(record.branches, write))

    def refused(self, write: Write) -> None:
        """The reply says that nothing was done, or nothing was ever sent."""
        with self._lock:
            self.counts.refused += 1
            for record in self._finish(write):
                record.become(record.branches)

    def indeterminate(self, write: Write) -> None:
        with self._lock:
            self.counts.indeterminate += 1
            self._open[write.number] = write
            for record in self._finish(write):
                record.become(_forked(record.branches, write))

    def mark(self, record_ids: Iterable[str]) -> dict[str, int]:
        """The moment before a read begins."""
        with self._lock:
            return {one: len(self._records[one].moments) - 1 for one in record_ids}

    def check_read(self, mark: Mapping[str, int], stored: Mapping[str, State]) -> list[Violation]:
        """What a read returned must have been possible at some moment between `mark` and now."""
        with self._lock:
            return [
                _violation(one, stored.get(one), record, possible)
                for one, since in mark.items()
                for record in [self._records[one]]
                for possible in [frozenset().union(*record.moments[since:])]
                if stored.get(one) not in possible
            ]

    def verify(self, stored: Mapping[str, State]) -> list[Violation]:
        """Compare everything stored with what is possible; call while no write is under way.

        Open writes are settled by what is found: from here on it is certain.
        """
        with self._lock:
            found = [
                _violation(one, stored[one], _Record(), frozenset([None]))
                for one in sorted(stored.keys() - self._records.keys())
            ]
            for one, record in self._records.items():
                if record.running is not None:
                    raise ValueError(f"{one} has a write under way: stop the writers first")
                state = stored.get(one)
                if state not in record.branches:
                    found.append(_violation(one, state, record, frozenset(record.branches)))
            found += self._partial_batches(stored)
            self._settle(stored)
            return found

    def certain(self) -> set[str]:
        """The records that must exist: in none of their possible states they are away."""
        with self._lock:
            return {one for one, record in self._records.items() if None not in record.branches}

    def _finish(self, write: Write) -> list[_Record]:
        records = [self._records[one] for one in write.record_ids]
        for record in records:
            record.running = None
        return records

    def _partial_batches(self, stored: Mapping[str, State]) -> list[Violation]:
        return [
            Violation(Verdict.PARTIAL, f"batch {write.number} ({write.kind})", None)
            for write in self._open.values()
            if not any(self._is_consistent(write, stored, took=took) for took in (True, False))
        ]

    def _is_consistent(self, write: Write, stored: Mapping[str, State], *, took: bool) -> bool:
        contrary = (write.number, not took)
        for one in write.record_ids:
            ways = self._records[one].branches.get(stored.get(one), set())
            if ways and all(contrary in choices for choices in ways):
                return False
        return True

    def _settle(self, stored: Mapping[str, State]) -> None:
        self._open.clear()
        for one in [*self._records, *stored]:
            record = self._records[one]
            state = stored.get(one)
            record.seen.add(state)
            record.branches = {state: {frozenset()}}
            record.moments = [frozenset([state])]


def _moved(branches: dict[State, set[Choices]], write: Write) -> dict[State, set[Choices]]:
    """Every branch takes the write. What overwrites all of a record forgets how it came about."""
    if write.kind in {Kind.UPSERT, Kind.DELETE}:
        return {write.effect(None): {frozenset()}}
    moved: dict[State, set[Choices]] = defaultdict(set)
    for state, ways in branches.items():
        moved[write.effect(state)] |= ways
    return dict(moved)


def _forked(branches: dict[State, set[Choices]], write: Write) -> dict[State, set[Choices]]:
    """Every branch goes on both with and without the write."""
    forked: dict[State, set[Choices]] = defaultdict(set)
    for state, ways in branches.items():
        forked[state] |= {choices | {(write.number, False)} for choices in ways}
        forked[write.effect(state)] |= {choices | {(write.number, True)} for choices in ways}
    return dict(forked)


def _violation(
    record_id: str, state: State, record: _Record, possible: frozenset[State]
) -> Violation:
    verdict = Verdict.LOST if state in record.seen else Verdict.PHANTOM
    return Violation(verdict, record_id, state, tuple(possible))
