"""A database that came back from a copy: the loss is said for good, and hides no other one."""

from dataclasses import replace
from uuid import UUID

import psycopg
import pytest

from access.actor import OPERATOR
from audit.actions import Action
from audit.heads import Head, Opening, installation_signing_keys, stored_heads
from audit.installation import verify_installation
from audit.models import Chain, Event, Link
from audit.signing import begin_epochs, open_epochs, sign_changed_heads
from audit.verification import Report
from cli.embedded.postgres import EmbeddedPostgres
from kit.environment import environment
from orgs.installation.copies import note_restoration
from projects.projects import create_project
from storage.objects import open_object_store
from tests.support.world import World

_BACK = """
    DELETE FROM audit_event e USING audit_link l
        WHERE l.event_id = e.id AND l.organization_id = %(chain)s AND l.sequence > %(sequence)s;
    DELETE FROM audit_link WHERE organization_id = %(chain)s AND sequence > %(sequence)s;
    UPDATE audit_chain SET sequence = %(sequence)s, signed_sequence = least(signed_sequence, %(sequence)s),
        hash = (SELECT hash FROM audit_link WHERE organization_id = %(chain)s AND sequence = %(sequence)s)
        WHERE organization_id = %(chain)s
"""  # fmt: skip  # noqa: E501 - one statement a line


class Machine:
    """One chain in a database whose owner can put it back to any moment."""

    def __init__(self, server: EmbeddedPostgres, world: World) -> None:
        self._url, self.world = server.url("postgres", "control_plane"), world
        self.chain: UUID = world.organization.pk

    def acts(self, count: int) -> int:
        """What its chain's last sequence is after so many acts, the last of them signed."""
        for _ in range(count):
            create_project(OPERATOR, self.world.organization, name=f"p{self.length()}")
        sign_changed_heads()
        return self.length()

    def length(self) -> int:
        return Chain.objects.using("system").get(organization_id=self.chain).sequence

    def goes_back(self, sequence: int) -> None:
        with psycopg.connect(self._url, cursor_factory=psycopg.ClientCursor) as connection:
            connection.execute("SET LOCAL session_replication_role = replica")
            connection.execute(_BACK, {"chain": self.chain, "sequence": sequence})

    def is_restored(self, sequence: int) -> None:
        self.goes_back(sequence)
        note_restoration(OPERATOR, open_epochs(copied_at="then"), made_at="then")

    def report(self) -> Report:
        (report,) = verify_installation(only=self.chain)
        return report


@pytest.fixture
def machine(unsigned: World, postgres_server: EmbeddedPostgres) -> Machine:
    return Machine(postgres_server, unsigned)


def test_a_restored_chain_verifies_and_says_what_is_lost(machine: Machine) -> None:
    copied = machine.acts(2)
    lost = machine.acts(3)
    machine.is_restored(copied)
    report = machine.report()
    assert report.problem is None
    (told,) = report.to_json()["restores"]
    assert (told["copied_at"], told["after_sequence"], told["lost_sequence"]) == (
        "then", copied, lost,
    )  # fmt: skip
    assert f"stood at {copied + 1} to {lost}, or further, are lost" in report.in_words()
    (event,) = Event.objects.using("system").filter(action=Action.AUDIT_RESTORED)
    assert Link.objects.using("system").get(pk=event.pk).sequence == copied + 1
    assert event.parameters == {
        "copied_at": "then", "after_sequence": copied, "lost_sequence": lost,
    }  # fmt: skip


def test_it_goes_on_under_signed_heads_past_the_sequences_that_were_lost(machine: Machine) -> None:
    copied = machine.acts(2)
    machine.acts(3)
    machine.is_restored(copied)
    length = machine.acts(6)
    report = machine.report()
    assert (report.problem, report.signed_sequence) == (None, length)
    machine.is_restored(copied + 4)
    assert machine.report().problem is None
    assert len(machine.report().openings) == 2


def test_an_end_that_is_cut_off_afterwards_is_missed(machine: Machine) -> None:
    copied = machine.acts(2)
    machine.acts(3)
    machine.is_restored(copied)
    machine.acts(4)
    machine.goes_back(copied + 2)
    report = machine.report()
    assert report.problem is not None
    assert (report.problem.sequence, "cut off" in report.problem.what) == (copied + 3, True)


def test_without_a_restore_an_end_that_is_cut_off_is_missed_also_if_the_rows_speak_of_one(
    machine: Machine,
) -> None:
    copied = machine.acts(2)
    machine.acts(3)
    machine.goes_back(copied)
    Chain.objects.using("system").filter(organization_id=machine.chain).update(epoch=1)
    assert machine.report().problem is not None
    machine.acts(5)
    problem = machine.report().problem
    assert problem is not None
    assert "nothing tells of" in problem.what


def test_an_opening_that_others_signed_is_not_believed(machine: Machine) -> None:
    copied = machine.acts(2)
    machine.acts(3)
    machine.goes_back(copied)
    (genuine,) = [one for one in open_epochs(copied_at="then") if one.opening]
    for forged in (
        replace(genuine, opening=Opening(copied + 900, "then")),
        replace(genuine, sequence=copied - 1),
        replace(genuine, epoch=2),
    ):
        begin_epochs([forged])
        problem = machine.report().problem
        assert problem is not None
        assert "not genuine" in problem.what
        forget(forged)


def test_what_was_signed_beyond_what_the_restore_knew_of_is_missed(machine: Machine) -> None:
    """Heads that were copied elsewhere, of a store that went back as well."""
    copied = machine.acts(2)
    machine.acts(3)
    (last,) = [one for one in stored() if one.sequence == machine.length()]
    machine.acts(1)
    (later,) = [one for one in stored() if one.sequence == machine.length()]
    forget(later)
    machine.is_restored(copied)
    assert [one.opening for one in stored() if one.opening] == [Opening(last.sequence, "then")]
    problem = machine.report().problem  # the home's own file still has it
    assert problem is not None
    assert problem.sequence == later.sequence


def test_a_restore_that_was_given_up_is_told_of_again(machine: Machine) -> None:
    copied = machine.acts(2)
    lost = machine.acts(3)
    machine.goes_back(copied)
    begin_epochs(open_epochs(copied_at="then"))
    Chain.objects.using("system").filter(organization_id=machine.chain).update(epoch=0)
    machine.is_restored(copied)
    machine.acts(2)
    report = machine.report()
    assert report.problem is None
    assert [one.opening for one in report.openings] == [Opening(lost, "then")] * 2


def test_a_copy_that_misses_nothing_opens_no_epoch(machine: Machine) -> None:
    machine.acts(2)
    assert open_epochs(copied_at="then") == []


def stored() -> list[Head]:
    return list(stored_heads(open_object_store(environment().object_store_url)))


def forget(head: Head) -> None:
    """From the object store, and from the home's file if it is the last one there."""
    from audit.heads import heads_file

    open_object_store(environment().object_store_url).delete(head.path)
    if head.signature and not head.is_genuine(installation_signing_keys().public_keys()):
        kept = heads_file().read_bytes().rstrip(b"\n").rpartition(b"\n")[0]
        heads_file().write_bytes(kept)
