"""The control plane's database for tests: migrated by the owner, used as the two other roles."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Self

import psycopg
from django.conf import settings
from django.core.management import call_command
from django.db import connections
from psycopg import sql

from cli.embedded.postgres import APPLICATION, OWNER, SYSTEM, EmbeddedPostgres
from kit.environment import environment

_KEPT = ["django_migrations", "django_content_type", "auth_permission", "dataplane_version"]


def migrated_database(server: EmbeddedPostgres, name: str) -> None:
    """Create and migrate the database, and point Django's three roles at it."""
    server.ensure_database(name)
    urls = {
        "DATABASE_URL": server.url(APPLICATION, name),
        "DATABASE_SYSTEM_URL": server.url(SYSTEM, name),
        "DATABASE_OWNER_URL": server.url(OWNER, name),
    }
    os.environ.update(urls)
    environment.cache_clear()
    point_django_at(environment())
    call_command("migrate", database="owner", verbosity=0)


def point_django_at(here: object) -> None:
    """Replace DATABASES of an already configured Django."""
    from config.databases import databases
    from kit.environment import Environment

    assert isinstance(here, Environment)
    found = databases(here)
    for entry in found.values():
        entry["OPTIONS"].pop("pool", None)  # a thread's connection closes with the test
    settings.DATABASES = found
    connections.settings = connections.configure_settings(found)
    for alias in found:
        if hasattr(connections._connections, alias):
            del connections[alias]


def close_connections() -> None:
    """Django's own, of this thread."""
    for connection in connections.all(initialized_only=True):
        connection.close()


@dataclass(frozen=True)
class Tables:
    """All tables that tests write, emptied and filled by one statement each.

    The connection is the superuser's and lasts, with triggers and foreign keys off: the audit log
    refuses everybody else. What each statement does is a function, so that it is planned once.
    """

    connection: psycopg.Connection
    names: list[str]

    @classmethod
    @contextmanager
    def of(cls, server: EmbeddedPostgres, database: str) -> Iterator[Self]:
        with psycopg.connect(server.url("postgres", database), autocommit=True) as connection:
            connection.execute("SET session_replication_role = replica")
            found = connection.execute(
                "SELECT tablename FROM pg_tables WHERE schemaname = 'public' "
                "AND tablename <> ALL (%s) ORDER BY 1",
                [_KEPT],
            )
            tables = cls(connection, [row[0] for row in found])
            # With a few rows each, DELETE is many times quicker than TRUNCATE.
            tables._define("empty", "DELETE FROM public.{0}", tables.names)
            yield tables

    def empty(self) -> None:
        self.connection.execute("SELECT pg_temp.empty()")

    def keep(self) -> None:
        """Remember the rows that are there now."""
        filled = [name for name in self.names if self._keep(name)]
        self._define("put_back", "INSERT INTO public.{0} SELECT * FROM pg_temp.{0}", filled)

    def put_back(self) -> None:
        """The rows that were kept, into empty tables."""
        self.connection.execute("SELECT pg_temp.put_back()")

    def _keep(self, name: str) -> bool:
        table = sql.Identifier(name)
        drop = sql.SQL("DROP TABLE IF EXISTS pg_temp.{}").format(table)
        copy = sql.SQL("CREATE TEMP TABLE {0} AS SELECT * FROM public.{0}").format(table)
        self.connection.execute(drop)
        return self.connection.execute(copy).rowcount > 0

    def _define(self, name: str, statement: str, tables: list[str]) -> None:
        lines = [sql.SQL(statement).format(sql.Identifier(table)) for table in tables]
        body = sql.SQL("BEGIN {}; END").format(sql.SQL("; ").join(lines))
        self.connection.execute(
            sql.SQL(
                "CREATE OR REPLACE FUNCTION pg_temp.{}() RETURNS void LANGUAGE plpgsql AS {}"
            ).format(sql.Identifier(name), sql.Literal(body.as_string(self.connection)))
        )
