"""Verifying: whatever a superuser does to the log is found, with the first sequence it touches."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

from access.actor import OPERATOR
from audit.actions import Action
from audit.heads import Head, filed_heads, heads_file, installation_signing_keys, stored_heads
from audit.record import record_unbound
from audit.signing import sign_changed_heads
from audit.verification import Report, snapshot, verify
from cli.embedded.postgres import EmbeddedPostgres
from kit.environment import environment
from projects.projects import create_project
from storage.database import connect
from storage.objects import open_object_store
from tests.audit.forger import TAMPERINGS, Forger
from tests.audit.test_chain import NOWHERE
from tests.support.world import World

_DATABASE = "control_plane"


def stored() -> list[Head]:
    return list(stored_heads(open_object_store(environment().object_store_url)))


@pytest.fixture
def signed(unsigned: World) -> World:
    """A world whose chains have some length and are signed twice."""
    world = unsigned
    for number in range(4):
        create_project(OPERATOR, world.organization, name=f"before {number}")
        create_project(OPERATOR, world.elsewhere, name=f"theirs {number}")
    record_unbound(OPERATOR, Action.USER_SIGNED_IN, target=NOWHERE)
    sign_changed_heads()
    for number in range(4):
        create_project(OPERATOR, world.organization, name=f"after {number}")
    sign_changed_heads()
    return world


def reports() -> list[Report]:
    heads, keys = stored(), installation_signing_keys().public_keys()
    connection = connect(environment().database_system_url.get_secret_value(), name="test")
    with connection, snapshot(connection):
        return verify(connection, heads, keys)


@contextmanager
def forging(server: EmbeddedPostgres, world: World, *, seed: int) -> Iterator[Forger]:
    """A superuser's transaction; what was done in it is undone afterwards."""
    with psycopg.connect(server.url("postgres", _DATABASE)) as connection:
        connection.execute("SET LOCAL session_replication_role = replica")
        length = connection.execute(
            "SELECT sequence FROM audit_chain WHERE organization_id = %s", [world.organization.pk]
        ).fetchone()
        assert length is not None
        yield Forger(
            connection, world.organization.pk, world.elsewhere.pk, length[0], random.Random(seed)
        )
        connection.rollback()


def require_found(forger: Forger, name: str, heads: list[Head], keys: dict[int, bytes]) -> None:
    """The chain is reported as bad; where hashes were made anew, the heads bound the place."""
    expected = TAMPERINGS[name](forger)
    (report,) = verify(forger.connection, heads, keys, only=forger.chain)
    assert report.problem is not None, (name, expected)
    assert report.signed_sequence < expected, (name, report)
    # Where hashes were made anew, it is known only that what heads vouch for was not touched.
    if "anew" not in name and name not in {"rewrite_whole", "edit_and_hash_that_event"}:
        assert report.problem.sequence == expected, (name, report)


def test_untouched_chains_are_sound(signed: World) -> None:
    found = reports()
    assert [report.problem for report in found] == [None] * 3
    assert all(report.events == report.signed_sequence > 0 for report in found)


@pytest.mark.parametrize("name", TAMPERINGS)
def test_a_superusers_tampering_is_found(
    signed: World, postgres_server: EmbeddedPostgres, name: str
) -> None:
    heads, keys = stored(), installation_signing_keys().public_keys()
    for seed in range(3):
        with forging(postgres_server, signed, seed=seed) as forger:
            require_found(forger, name, heads, keys)


@pytest.mark.nightly
def test_of_a_thousand_random_tamperings_all_are_found(
    signed: World, postgres_server: EmbeddedPostgres
) -> None:
    heads, keys = stored(), installation_signing_keys().public_keys()
    names = sorted(TAMPERINGS)
    for seed in range(1_000):
        with forging(postgres_server, signed, seed=seed) as forger:
            require_found(forger, names[seed % len(names)], heads, keys)


def test_without_heads_a_rewritten_chain_looks_sound(
    signed: World, postgres_server: EmbeddedPostgres
) -> None:
    """Why the heads have to lie elsewhere."""
    with forging(postgres_server, signed, seed=1) as forger:
        TAMPERINGS["rewrite_whole"](forger)
        (report,) = verify(forger.connection, [], {}, only=forger.chain)
    assert report.problem is None
    assert report.signed_sequence == 0


def test_a_forged_head_is_not_believed(signed: World) -> None:
    heads = stored()
    forged = Head(signed.organization.pk, 3, bytes(32), "2026-01-01T00:00:00Z", 1, bytes(64))
    connection = connect(environment().database_system_url.get_secret_value(), name="test")
    with connection, snapshot(connection):
        (report,) = verify(
            connection, [*heads, forged], installation_signing_keys().public_keys(),
            only=signed.organization.pk,
        )  # fmt: skip
    assert report.problem is not None
    assert "not genuine" in report.problem.what


def test_heads_signed_before_a_rotation_stay_good(signed: World) -> None:
    before = installation_signing_keys().newest().id
    installation_signing_keys().rotate()
    create_project(OPERATOR, signed.organization, name="later")
    sign_changed_heads()
    assert {head.key_id for head in stored()} == {before, before + 1}
    assert [report.problem for report in reports()] == [None] * 3


def test_the_file_in_the_home_folder_holds_the_same_heads(signed: World) -> None:
    assert sorted(filed_heads(heads_file()), key=lambda head: head.path) == stored()


def test_a_line_that_was_cut_off_hides_no_other(tmp_path: Path, signed: World) -> None:
    from audit.heads import append_head

    file = tmp_path / "heads.jsonl"
    first, second = stored()[:2]
    append_head(file, first)
    file.write_bytes(file.read_bytes()[:-20])
    append_head(file, second)
    assert list(filed_heads(file)) == [second]


def test_a_chain_that_contradicts_its_signed_head_is_not_signed_again(
    signed: World, postgres_server: EmbeddedPostgres
) -> None:
    before = len(stored())
    with forging(postgres_server, signed, seed=1) as forger:
        TAMPERINGS["rewrite_whole"](forger)
        forger.connection.commit()
    create_project(OPERATOR, signed.organization, name="goes on")
    assert sign_changed_heads() == 0
    assert len(stored()) == before
    assert any(report.problem for report in reports())


def test_signing_twice_is_the_same(signed: World) -> None:
    before: Any = len(stored())
    assert sign_changed_heads() == 0
    assert len(stored()) == before
