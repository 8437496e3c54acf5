"""Without its event an act does not happen; a refusal stays a refusal."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from django.db import DatabaseError

from access.actor import OPERATOR
from access.row_security import database_roles
from audit.models import Event
from cli.embedded.postgres import EmbeddedPostgres
from kit.errors import PermissionDenied
from orgs.tenancy import tenant
from projects.models import Project
from projects.projects import create_project
from tests.support.world import World

_REFUSE = """
    CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'disk full' USING ERRCODE = '53100'; END $$;
    CREATE TRIGGER refuse BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION refuse();
"""
_APP, _SYSTEM = database_roles().application, database_roles().system
# What breaks the log, and what mends it again.
BROKEN = {
    "no right to insert": (
        f"REVOKE INSERT ON audit_event FROM {_APP}, {_SYSTEM}",
        f"GRANT INSERT ON audit_event TO {_APP}, {_SYSTEM}",
    ),
    "no room for the event": (
        _REFUSE.format(table="audit_event"),
        "DROP TRIGGER refuse ON audit_event; DROP FUNCTION refuse()",
    ),
    "no room for its link, at the commit": (
        _REFUSE.format(table="audit_link"),
        "DROP TRIGGER refuse ON audit_link; DROP FUNCTION refuse()",
    ),
    "no head to go on from, at the commit": (
        "ALTER TABLE audit_chain RENAME TO elsewhere",
        "ALTER TABLE elsewhere RENAME TO audit_chain",
    ),
}


@contextmanager
def broken(server: EmbeddedPostgres, how: str) -> Iterator[None]:
    breaking, mending = BROKEN[how]
    with psycopg.connect(server.url("postgres", "control_plane"), autocommit=True) as connection:
        connection.execute(breaking)
        try:
            yield
        finally:
            connection.execute(mending)


@pytest.mark.parametrize("how", BROKEN)
def test_an_act_whose_event_cannot_be_written_does_not_happen(
    world: World, postgres_server: EmbeddedPostgres, how: str
) -> None:
    before = Event.objects.using("system").count()
    with broken(postgres_server, how), pytest.raises(DatabaseError):
        create_project(OPERATOR, world.organization, name="Unseen")
    with tenant(world.organization.pk):
        assert not Project.objects.filter(name="Unseen").exists()
    assert Event.objects.using("system").count() == before
    create_project(OPERATOR, world.organization, name="Seen")
    assert Event.objects.using("system").count() == before + 1


@pytest.mark.parametrize("how", BROKEN)
def test_a_denial_stays_a_denial_where_it_cannot_be_written(
    world: World, postgres_server: EmbeddedPostgres, how: str
) -> None:
    with broken(postgres_server, how), pytest.raises(PermissionDenied):
        create_project(world.vera, world.organization, name="Denied")
    with tenant(world.organization.pk):
        assert not Project.objects.filter(name="Denied").exists()
