"""The application's own filters left out: PostgreSQL alone still keeps tenants apart."""

import os
import random
from collections.abc import Iterator
from contextlib import suppress
from uuid import UUID

import psycopg
import pytest
from django.apps import apps
from django.db import connections, models
from psycopg import sql

from cli.embedded.postgres import EmbeddedPostgres
from orgs.models import Organization
from orgs.queries import is_only_organization, is_organization_slug_taken
from orgs.tenancy import tenant
from storage.schema import TABLES
from tests.support.world import World

# Every table that belongs to no tenant, and why. A new one is put here or gets organization_id.
PERSONS = {
    "accounts_user", "account_emailaddress", "account_emailconfirmation", "mfa_authenticator",
    "usersessions_usersession", "django_session", "accounts_pendingletter",
}  # fmt: skip
INSTALLATIONS = {
    "auth_group", "auth_group_permissions", "auth_permission", "django_content_type",
    "django_migrations", "dataplane_version", "indexes_portreservation", "indexes_node",
    "indexes_part", "audit_turn", "billing_usagereporter",
}  # fmt: skip
# Sealed records under opaque ids, which the application role cannot read at all.
WRITE_LOG = set(TABLES)
_ORGANIZATION = "orgs_organization"
_CHEAP = 200
_VALUES = {
    "uuid": "gen_random_uuid()", "text": "'x'", "character varying": "'x'", "bytea": "'x'",
    "integer": "1", "smallint": "1", "bigint": "1", "boolean": "false", "date": "current_date",
    "timestamp with time zone": "now()", "jsonb": "'{}'", "ARRAY": "'{}'", "inet": "'192.0.2.1'",
    "double precision": "1",
}  # fmt: skip


@pytest.fixture
def superuser(database: None, postgres_server: EmbeddedPostgres) -> Iterator[psycopg.Connection]:
    """With foreign keys off, so that a row needs no company."""
    url = postgres_server.url("postgres", "control_plane")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        yield connection


def tables(connection: psycopg.Connection) -> dict[str, str]:
    """Each table with the column that names its tenant; "" where there is none."""
    rows = connection.execute(
        """SELECT t.tablename, coalesce((SELECT a.attname FROM pg_attribute a
               WHERE a.attrelid = format('public.%I', t.tablename)::regclass
                 AND a.attname IN ('organization_id', 'org_id') AND NOT a.attisdropped LIMIT 1), '')
           FROM pg_tables t WHERE t.schemaname = 'public' ORDER BY 1"""
    )
    return {name: "id" if name == _ORGANIZATION else column for name, column in rows}


def test_every_table_belongs_to_a_tenant_or_is_known_to_belong_to_none(
    superuser: psycopg.Connection,
) -> None:
    without = {name for name, column in tables(superuser).items() if not column}
    assert without - PERSONS - INSTALLATIONS - WRITE_LOG == set(), (
        "give it organization_id, or say why not"
    )


def test_no_tenant_sees_a_row_of_another_in_any_table(
    world: World, superuser: psycopg.Connection
) -> None:
    """A row of another tenant is planted in each table that has none yet."""
    ours = world.organization.pk
    _use(world)
    held = {name: column for name, column in tables(superuser).items() if column}
    for name, column in held.items():
        _plant(superuser, name, column, world)
        assert _count(superuser, name, column, ours), name
    for name, column in held.items():
        seen = _seen_within(ours, name, column)
        assert seen <= {ours}, name


def test_queries_without_any_filter_find_only_the_tenants_own_rows(
    world: World, superuser: psycopg.Connection
) -> None:
    """Through the ORM, for every model that a tenant's rows are read by."""
    ours = world.organization.pk
    _use(world)
    columns = tables(superuser)
    looked_at = 0
    for model in apps.get_models():
        column = columns.get(model._meta.db_table, "")
        if not column:
            continue
        _plant(superuser, model._meta.db_table, column, world)
        try:
            with tenant(ours):
                found = set(_unfiltered(model, column))
        except psycopg.errors.InsufficientPrivilege:
            continue
        assert found <= {ours}, model
        looked_at += 1
    assert looked_at >= 12


def test_a_connection_used_by_many_tenants_in_turn_carries_nothing_over(world: World) -> None:
    turns = 10_000 if os.environ.get("STONEPINE_NIGHTLY") == "1" else _CHEAP
    order = random.Random(20261125)
    names = {world.organization.pk: "Pine", world.elsewhere.pk: "Oak"}
    for _ in range(turns):
        here = order.choice(list(names))
        with suppress(ZeroDivisionError), tenant(here):
            assert [one.name for one in Organization.objects.all()] == [names[here]]
            1 / order.choice([0, 1])  # some turns fail, and are rolled back
        assert not Organization.objects.exists()


def test_acts_that_look_at_all_organizations_find_each(world: World) -> None:
    assert is_organization_slug_taken(world.organization.slug)
    assert is_organization_slug_taken(world.elsewhere.slug)
    assert not is_organization_slug_taken("nobody")
    assert not is_only_organization(world.organization.pk)


def _use(world: World) -> None:
    """Rows of the other tenant that only the product can make soundly."""
    world.key(project=world.their_project)
    world.index("theirs", project=world.their_project)


def _unfiltered(model: type[models.Model], column: str) -> list[UUID]:
    return list(model._default_manager.values_list(column, flat=True))


def _seen_within(organization_id: UUID, table: str, column: str) -> set[UUID]:
    """What the application role reads there; tables that it may not read show nothing."""
    statement = sql.SQL("SELECT DISTINCT {} FROM {}").format(
        sql.Identifier(column), sql.Identifier(table)
    )
    with tenant(organization_id), connections["default"].cursor() as cursor:
        cursor.execute(
            "SELECT has_table_privilege(current_user, %s, 'SELECT')", [f'public."{table}"']
        )
        if cursor.fetchone() != (True,):
            return set()
        cursor.execute(statement.as_string())
        return {row[0] for row in cursor.fetchall()}


def _count(connection: psycopg.Connection, table: str, column: str, ours: UUID) -> int:
    statement = sql.SQL("SELECT count(*) FROM {} WHERE {} <> %s").format(
        sql.Identifier(table), sql.Identifier(column)
    )
    row = connection.execute(statement, [ours]).fetchone()
    assert row is not None
    return int(row[0])


def _plant(connection: psycopg.Connection, table: str, column: str, world: World) -> None:
    """A row of the other tenant, with something in every column that needs it; if there is none."""
    if _count(connection, table, column, world.organization.pk):
        return
    needed = connection.execute(
        """SELECT column_name, data_type FROM information_schema.columns
           WHERE table_schema = 'public' AND table_name = %s AND is_nullable = 'NO'
             AND column_default IS NULL AND is_identity = 'NO' AND column_name <> %s""",
        [table, column],
    ).fetchall()
    names = [sql.Identifier(column), *(sql.Identifier(name) for name, _ in needed)]
    values = [sql.Literal(world.elsewhere.pk), *(sql.SQL(_VALUES[kind]) for _, kind in needed)]
    statement = sql.SQL("INSERT INTO {} ({}) VALUES ({}) ON CONFLICT DO NOTHING").format(
        sql.Identifier(table), sql.SQL(", ").join(names), sql.SQL(", ").join(values)
    )
    connection.execute(statement)
