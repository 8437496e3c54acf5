"""Everything a request could leave behind: rows, objects, keys, files."""

import hashlib
from pathlib import Path

import psycopg
from psycopg import sql

from cli.embedded.postgres import EmbeddedPostgres

# What being tried leaves by design: events, sessions, and when a credential was last seen.
_LEFT_BY_TRYING = {"django_session", "usersessions_usersession"}
_NOTED = ["last_used_at", "last_used_from", "last_seen_at", "last_login"]


def tables(server: EmbeddedPostgres, *, with_traces: bool = False) -> dict[str, str]:
    """A digest of the rows of each table, read as the superuser."""
    with psycopg.connect(server.url("postgres", "control_plane"), autocommit=True) as connection:
        names = [row[0] for row in connection.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"
        )]  # fmt: skip
        kept = [
            name for name in names
            if with_traces or not (name in _LEFT_BY_TRYING or name.startswith("audit_"))
        ]  # fmt: skip
        return {name: _digest(connection, name, noted=with_traces) for name in kept}


def files(home: Path) -> dict[str, str]:
    """Every file of the installation's home, with a digest of its content."""
    return {
        str(path.relative_to(home)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(home.rglob("*"))
        if path.is_file()
    }


def _digest(connection: psycopg.Connection, table: str, *, noted: bool) -> str:
    statement = sql.SQL(
        "SELECT count(*) || ' rows ' || md5(coalesce(string_agg(one, ' ' ORDER BY one), '')) "
        "FROM (SELECT (to_jsonb(t) - %s::text[])::text AS one FROM {} t) rows"
    ).format(sql.Identifier(table))
    row = connection.execute(statement, [[] if noted else _NOTED]).fetchone()
    assert row is not None
    return str(row[0])
