"""Verifying chains: every hash once more from the rows, and every signed head against them.

Needs no Django, only the database, the heads and the public keys.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeAlias
from uuid import UUID

from psycopg import IsolationLevel
from psycopg.rows import tuple_row

from audit.canonical import FIELD_EXPRESSIONS, FIELDS, GENESIS, event_hash
from audit.epochs import Epochs
from audit.heads import Head
from storage.database import Connection

Row: TypeAlias = tuple[Any, ...]

NO_ORGANIZATION = UUID(int=0)
_NO_ORGANIZATION = str(NO_ORGANIZATION)
_ID, _ORGANIZATION = FIELDS.index("id"), FIELDS.index("organization_id")
_ROWS_A_FETCH = 5_000
_LINKS = f"""
    SELECT l.sequence, l.previous_hash, l.hash, {", ".join(FIELD_EXPRESSIONS)}
    FROM audit_link l LEFT JOIN audit_event e ON e.id = l.event_id
    WHERE l.organization_id = %s ORDER BY l.sequence
"""  # noqa: S608 - constants
_UNLINKED = """
    SELECT e.id FROM audit_event e LEFT JOIN audit_link l ON l.event_id = e.id
    WHERE e.organization_id IS NOT DISTINCT FROM nullif(%s, %s) AND l.event_id IS NULL LIMIT 1
"""
_CHAINS = """
    SELECT organization_id FROM audit_chain UNION SELECT organization_id FROM audit_link
    UNION SELECT coalesce(organization_id, %s) FROM audit_event
"""


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong, and the first sequence that it concerns."""

    sequence: int
    what: str


@dataclass(slots=True)
class Report:
    """One chain, as it was found. Up to `signed_sequence` a signed head vouches for it.

    `openings` are the signed heads from which on it went on from a copy of the database.
    """

    organization_id: UUID
    events: int = 0
    signed_sequence: int = 0
    problem: Problem | None = None
    openings: tuple[Head, ...] = ()

    def to_json(self) -> dict[str, Any]:
        found = self.problem
        return {
            "organization_id": str(self.organization_id),
            "events": self.events,
            "signed_sequence": self.signed_sequence,
            "is_sound": found is None,
            "first_bad_sequence": found.sequence if found else None,
            "problem": found.what if found else None,
            "restores": [
                {
                    "restored_at": head.signed_at,
                    "copied_at": head.opening.copied_at,
                    "after_sequence": head.sequence,
                    "lost_sequence": head.opening.lost_sequence,
                }
                for head in self.openings
                if head.opening is not None
            ],
        }

    def in_words(self) -> str:
        if self.problem is None:
            unsigned = self.events - self.signed_sequence
            sound = f"sound, {self.events} events, the last {unsigned} not signed yet"
            return "; ".join([sound, *map(_loss_in_words, self.openings)])
        return (
            f"TAMPERED WITH at sequence {self.problem.sequence}: {self.problem.what} "
            f"(sound up to {self.signed_sequence})"
        )


def _loss_in_words(head: Head) -> str:
    told = head.opening
    assert told is not None
    return (
        f"RESTORED at {head.signed_at} from a copy of {told.copied_at}: the events that then stood "
        f"at {head.first_lost} to {told.lost_sequence}, or further, are lost"
    )


@dataclass(slots=True)
class _Walk:
    """How far a chain was followed."""

    heads: dict[int, list[Head]]
    sequence: int = 0
    signed: int = 0
    hash: bytes = GENESIS


@contextmanager
def snapshot(connection: Connection) -> Iterator[None]:
    """A transaction that sees one moment of the database, whatever is recorded meanwhile."""
    connection.isolation_level = IsolationLevel.REPEATABLE_READ
    with connection.transaction():
        yield


def verify(
    connection: Connection,
    heads: Iterable[Head],
    public_keys: Mapping[int, bytes],
    *,
    only: UUID | None = None,
) -> list[Report]:
    """A report for each chain (or the one of `only`), within a `snapshot`.

    The heads are read before the snapshot is taken: a sound chain is never shorter than they say.
    """
    by_chain: dict[UUID, list[Head]] = {}
    for head in heads:
        by_chain.setdefault(head.organization_id, []).append(head)
    known = set(chains(connection)) | set(by_chain)
    return [
        _verify_chain(connection, chain, by_chain.get(chain, []), public_keys)
        for chain in sorted(known if only is None else {only})
    ]


def verify_copy(
    chain: UUID, rows: Iterable[Row], heads: Iterable[Head], public_keys: Mapping[int, bytes]
) -> Report:
    """As `verify`, for what `links` gave of a chain somewhere else."""
    report, _ = _followed(chain, rows, heads, public_keys)
    return report


def chains(connection: Connection) -> list[UUID]:
    """All that there are; `NO_ORGANIZATION` stands for the installation's own."""
    return [row[0] for row in connection.execute(_CHAINS, [NO_ORGANIZATION]).fetchall()]


def links(connection: Connection, chain: UUID) -> Iterator[Row]:
    """Sequence, previous hash, hash and the event's `FIELDS` as text, within a transaction."""
    with connection.cursor(name="audit_links", row_factory=tuple_row) as cursor:
        cursor.itersize = _ROWS_A_FETCH
        cursor.execute(_LINKS, [chain])
        yield from cursor


def _verify_chain(
    connection: Connection, chain: UUID, heads: list[Head], public_keys: Mapping[int, bytes]
) -> Report:
    report, walk = _followed(chain, links(connection, chain), heads, public_keys)
    report.problem = report.problem or _check_rows(connection, walk, chain)
    return report


def _followed(
    chain: UUID, rows: Iterable[Row], heads: Iterable[Head], public_keys: Mapping[int, bytes]
) -> tuple[Report, _Walk]:
    report, walk = Report(chain), _Walk(heads={})
    heads = sorted(heads, key=lambda one: one.sequence)
    report.problem = _take_heads(walk, heads, public_keys)
    if report.problem is not None:
        return report, walk
    report.openings = Epochs.of(heads).openings
    for row in rows:
        report.problem = _check_link(walk, chain, row)
        if report.problem is not None:
            break
    report.events, report.signed_sequence = walk.sequence, walk.signed
    last_signed = max(walk.heads, default=0)
    if report.problem is None and last_signed > walk.sequence:
        what = f"the end is cut off: {last_signed} was signed"
        report.problem = Problem(walk.sequence + 1, what)
    return report, walk


def _take_heads(
    walk: _Walk, heads: Sequence[Head], public_keys: Mapping[int, bytes]
) -> Problem | None:
    """Those that hold, unless one is forged, or lost without a restore that says so."""
    epochs = Epochs.of(heads)
    for head in heads:
        if not head.is_genuine(public_keys):
            return Problem(head.sequence, "a head's signature is not genuine")
        fault = epochs.fault(head)
        if fault is not None:
            return Problem(head.sequence, fault)
        if epochs.ended_by(head) is None:
            walk.heads.setdefault(head.sequence, []).append(head)
    return None


def _check_link(walk: _Walk, chain: UUID, row: Row) -> Problem | None:
    """Check the row against what came before it, and step on."""
    sequence, previous_hash, hash_, *values = row
    expected = walk.sequence + 1
    if sequence != expected:
        return Problem(expected, "the event is missing")
    if values[_ID] is None:
        return Problem(expected, "the event was removed; its link is left")
    if (values[_ORGANIZATION] or _NO_ORGANIZATION) != str(chain):
        return Problem(expected, "the event belongs to another organization")
    if bytes(previous_hash) != walk.hash:
        return Problem(expected, "the event does not follow the one before it")
    if event_hash(values, sequence=sequence, previous_hash=walk.hash) != bytes(hash_):
        return Problem(expected, "the event is not what was recorded")
    walk.sequence, walk.hash = sequence, bytes(hash_)
    return _check_heads(walk)


def _check_heads(walk: _Walk) -> Problem | None:
    heads = walk.heads.get(walk.sequence, [])
    if any(head.hash != walk.hash for head in heads):
        # The head before was right: what was changed lies after it.
        return Problem(walk.signed + 1, "the chain was written anew")
    if heads:
        walk.signed = walk.sequence
    return None


def _check_rows(connection: Connection, walk: _Walk, chain: UUID) -> Problem | None:
    """Whether the database keeps the same end, and no event beside the chain."""
    row = connection.execute(
        "SELECT sequence, hash FROM audit_chain WHERE organization_id = %s", [chain]
    ).fetchone()
    kept = (0, GENESIS) if row is None else (row[0], bytes(row[1]))
    if kept != (walk.sequence, walk.hash):
        return Problem(walk.sequence + 1, f"the end is cut off or added to: the head is {kept[0]}")
    if connection.execute(_UNLINKED, [chain, NO_ORGANIZATION]).fetchone() is not None:
        return Problem(walk.sequence + 1, "there is an event outside the chain")
    return None
