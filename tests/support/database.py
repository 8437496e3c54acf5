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

_KEPT = {"django_migrations", "django_content_type", "auth_permission", "dataplane_version"}


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


@contextmanager
def clean_tables(server: EmbeddedPostgres, name: str) -> Iterator[None]:
    """Empty all tables after the block, as the superuser: the audit log refuses everybody else."""
    try:
        yield
    finally:
        for connection in connections.all(initialized_only=True):
            connection.close()
        empty_tables(server, name)


def empty_tables(server: EmbeddedPostgres, name: str) -> None:
    with _unbound(server, name) as connection:
        # With a few rows each, DELETE is many times quicker than TRUNCATE.
        deletes = [sql.SQL("DELETE FROM {}").format(table) for table in _tables(connection)]
        connection.execute(sql.SQL("; ").join(deletes))


@dataclass(frozen=True)
class Snapshot:
    """The rows of all tables at one moment."""

    content: list[tuple[sql.Identifier, bytes]]

    @classmethod
    def take(cls, server: EmbeddedPostgres, name: str) -> Self:
        content = []
        with _unbound(server, name) as connection, connection.cursor() as cursor:
            for table in _tables(connection):
                with cursor.copy(sql.SQL("COPY {} TO STDOUT").format(table)) as copy:
                    content.append((table, b"".join(bytes(part) for part in copy)))
        return cls([(table, rows) for table, rows in content if rows])

    def restore(self, server: EmbeddedPostgres, name: str) -> None:
        """Put the rows into empty tables."""
        with _unbound(server, name) as connection, connection.cursor() as cursor:
            for table, rows in self.content:
                with cursor.copy(sql.SQL("COPY {} FROM STDIN").format(table)) as copy:
                    copy.write(rows)


@contextmanager
def _unbound(server: EmbeddedPostgres, name: str) -> Iterator[psycopg.Connection]:
    """The superuser, with triggers and foreign keys off: the audit log refuses everybody else."""
    with psycopg.connect(server.url("postgres", name), autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        yield connection


def _tables(connection: psycopg.Connection) -> list[sql.Identifier]:
    rows = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    return [sql.Identifier(row[0]) for row in rows if row[0] not in _KEPT]
