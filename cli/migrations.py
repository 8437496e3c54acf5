"""What the database's tables have been through, and whether this code knows all of it."""

from collections.abc import Iterable

import psycopg

from cli.embedded.postgres import OWNER, EmbeddedPostgres
from cli.errors import SetupError

Migration = tuple[str, str]


def applied_migrations(server: EmbeddedPostgres) -> list[Migration]:
    """(app, name) of each."""
    with psycopg.connect(server.url(OWNER)) as connection:
        rows = connection.execute("SELECT app, name FROM django_migrations ORDER BY 1, 2")
        return [(app, name) for app, name in rows]


def require_known(applied: Iterable[Migration]) -> None:
    """Raises SetupError for tables of a newer version than this one."""
    from django.db.migrations.loader import MigrationLoader

    known = MigrationLoader(None, ignore_no_migrations=True).disk_migrations or {}
    unknown = sorted(set(applied) - set(known))
    if unknown:
        app, name = unknown[0]
        raise SetupError(
            f"The dump is of a newer version of Stonepine: it has {len(unknown)} changes of tables "
            f"that this one does not know, such as {app} {name}.",
            hint="Restore it with that version, or a later one.",
        )
