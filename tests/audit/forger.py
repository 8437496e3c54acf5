"""What somebody with all rights on the database can do to a chain of the audit log."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg

from kit.ids import new_id

_COLUMNS = (
    "organization_name", "action", "outcome", "reason", "error_code", "actor_kind", "actor_name",
    "target_type", "target_id", "target_name", "request_id", "user_agent", "source",
)  # fmt: skip


@dataclass(frozen=True)
class Forger:
    """A superuser whose transaction has triggers switched off."""

    connection: psycopg.Connection[Any]
    chain: UUID
    other: UUID
    length: int
    dice: random.Random

    def place(self, *, last: int = 0) -> int:
        return self.dice.randint(1, self.length - last)

    def run(self, statement: str, **values: Any) -> None:
        self.connection.execute(statement, {"chain": self.chain, **values})

    def event(self, place: int) -> UUID:
        row = self.connection.execute(
            "SELECT event_id FROM audit_link WHERE organization_id = %s AND sequence = %s",
            [self.chain, place],
        ).fetchone()
        assert row is not None
        found: UUID = row[0]
        return found

    def hash_anew(self, first: int, *, up_to: int | None = None) -> None:
        """Right hashes from there on, and a head that fits."""
        for place in range(first, (up_to or self.length) + 1):
            self.run(
                """UPDATE audit_link l SET previous_hash = before.hash,
                       hash = audit_hash(e, l.sequence, before.hash)
                   FROM audit_event e, (SELECT coalesce((SELECT hash FROM audit_link
                       WHERE organization_id = %(chain)s AND sequence = %(place)s - 1),
                       decode(repeat('00', 32), 'hex')) AS hash) before
                   WHERE e.id = l.event_id AND l.organization_id = %(chain)s
                     AND l.sequence = %(place)s""",
                place=place,
            )
        self.move_head()

    def move_head(self) -> None:
        self.run(
            """UPDATE audit_chain c SET sequence = l.sequence, hash = l.hash,
                   signed_sequence = least(signed_sequence, l.sequence)
               FROM (SELECT sequence, hash FROM audit_link WHERE organization_id = %(chain)s
                     ORDER BY sequence DESC LIMIT 1) l
               WHERE c.organization_id = %(chain)s"""
        )

    def copy_event(self, place: int, **changed: Any) -> UUID:
        copied = new_id()
        row = {"id": str(copied), **{name: str(value) for name, value in changed.items()}}
        self.run(
            """INSERT INTO audit_event SELECT (jsonb_populate_record(e, %(changed)s)).*
               FROM audit_event e WHERE e.id = %(event)s""",
            event=self.event(place),
            changed=psycopg.types.json.Jsonb(row),
        )
        return copied

    def open_gap(self, place: int) -> None:
        for moved in range(self.length, place - 1, -1):
            self.run(
                """UPDATE audit_link SET sequence = sequence + 1
                   WHERE organization_id = %(chain)s AND sequence = %(moved)s""",
                moved=moved,
            )

    def close_gap(self, place: int) -> None:
        for moved in range(place + 1, self.length + 1):
            self.run(
                """UPDATE audit_link SET sequence = sequence - 1
                   WHERE organization_id = %(chain)s AND sequence = %(moved)s""",
                moved=moved,
            )

    def link(self, event: UUID, place: int) -> None:
        self.run(
            """INSERT INTO audit_link VALUES (%(event)s, %(chain)s, %(place)s, '', '')""",
            event=event,
            place=place,
        )

    def swap(self, first: int, second: int) -> None:
        one, two = self.event(first), self.event(second)
        for event, place in ((new_id(), first), (one, second), (two, first)):
            self.run(
                """UPDATE audit_link SET event_id = %(event)s
                   WHERE organization_id = %(chain)s AND sequence = %(place)s""",
                event=event,
                place=place,
            )


def edit(forger: Forger) -> int:
    place, column = forger.place(), forger.dice.choice(_COLUMNS)
    forger.run(
        f"""UPDATE audit_event SET {column} = left({column} || 'x', 6) || 'y'
            WHERE id = %(event)s""",  # noqa: S608 - a constant
        event=forger.event(place),
    )
    return place


def edit_parameters(forger: Forger) -> int:
    place = forger.place()
    forger.run(
        """UPDATE audit_event SET parameters = parameters || '{"more": 1}' WHERE id = %(event)s""",
        event=forger.event(place),
    )
    return place


def edit_time(forger: Forger) -> int:
    place = forger.place()
    forger.run(
        """UPDATE audit_event SET created_at = created_at + interval '1 microsecond'
           WHERE id = %(event)s""",
        event=forger.event(place),
    )
    return place


def edit_and_hash_that_event(forger: Forger) -> int:
    place = edit(forger)
    forger.hash_anew(place, up_to=place)
    return place + 1 if place < forger.length else place


def remove_event(forger: Forger) -> int:
    place = forger.place()
    forger.run("DELETE FROM audit_event WHERE id = %(event)s", event=forger.event(place))
    return place


def remove_link(forger: Forger) -> int:
    place = forger.place()
    forger.run("DELETE FROM audit_link WHERE event_id = %(event)s", event=forger.event(place))
    return place


def remove_both(forger: Forger) -> int:
    place = remove_event(forger)
    forger.run("DELETE FROM audit_link WHERE event_id = %(event)s", event=forger.event(place))
    return place


def remove_and_close_the_gap(forger: Forger) -> int:
    place = remove_both(forger)
    forger.close_gap(place)
    forger.move_head()
    return place


def remove_and_hash_anew(forger: Forger) -> int:
    place = remove_and_close_the_gap(forger)
    forger.hash_anew(place, up_to=forger.length - 1)
    return place


def insert_unlinked(forger: Forger) -> int:
    forger.copy_event(forger.place(), target_name="planted")
    return forger.length + 1


def insert_linked(forger: Forger) -> int:
    place = forger.place()
    planted = forger.copy_event(place, target_name="planted")
    forger.open_gap(place)
    forger.link(planted, place)
    return place


def insert_and_hash_anew(forger: Forger) -> int:
    place = insert_linked(forger)
    forger.hash_anew(place, up_to=forger.length + 1)
    return place


def reorder(forger: Forger) -> int:
    place = forger.place(last=1)
    forger.swap(place, place + 1)
    return place


def reorder_and_hash_anew(forger: Forger) -> int:
    place = reorder(forger)
    forger.hash_anew(place)
    return place


def cut_tail(forger: Forger) -> int:
    place = forger.dice.randint(2, forger.length)
    for cut in range(place, forger.length + 1):
        event = forger.event(cut)
        forger.run("DELETE FROM audit_event WHERE id = %(event)s", event=event)
        forger.run("DELETE FROM audit_link WHERE event_id = %(event)s", event=event)
    forger.move_head()
    return place


def rewrite_whole(forger: Forger) -> int:
    place = edit(forger)
    forger.hash_anew(1)
    return place


def remove_chain(forger: Forger) -> int:
    forger.run("DELETE FROM audit_event WHERE organization_id = %(chain)s")
    forger.run("DELETE FROM audit_link WHERE organization_id = %(chain)s")
    forger.run("DELETE FROM audit_chain WHERE organization_id = %(chain)s")
    return 1


def give_to_another_tenant(forger: Forger) -> int:
    place = forger.place()
    forger.run(
        "UPDATE audit_event SET organization_id = %(other)s WHERE id = %(event)s",
        event=forger.event(place),
        other=forger.other,
    )
    return place


def copy_from_another_tenant(forger: Forger) -> int:
    """An event of the chain, replaced by one that happened elsewhere, with right hashes."""
    place, copied = forger.place(), new_id()
    forger.run(
        """INSERT INTO audit_event SELECT (jsonb_populate_record(e, %(changed)s)).*
           FROM audit_event e WHERE e.organization_id = %(other)s LIMIT 1""",
        other=forger.other,
        changed=psycopg.types.json.Jsonb({"id": str(copied)}),
    )
    forger.run(
        """UPDATE audit_link SET event_id = %(copied)s
           WHERE organization_id = %(chain)s AND sequence = %(place)s""",
        copied=copied,
        place=place,
    )
    forger.hash_anew(place)
    return place


def move_head_back(forger: Forger) -> int:
    forger.run("UPDATE audit_chain SET sequence = sequence - 1 WHERE organization_id = %(chain)s")
    return forger.length + 1


TAMPERINGS: dict[str, Callable[[Forger], int]] = {
    act.__name__: act
    for act in (
        edit, edit_parameters, edit_time, edit_and_hash_that_event, remove_event, remove_link,
        remove_both, remove_and_close_the_gap, remove_and_hash_anew, insert_unlinked,
        insert_linked, insert_and_hash_anew, reorder, reorder_and_hash_anew, cut_tail,
        rewrite_whole, remove_chain, give_to_another_tenant, copy_from_another_tenant,
        move_head_back,
    )
}  # fmt: skip
