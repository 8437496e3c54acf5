"""What the database's tables have been through, and whether this code knows all of it."""

from collections.abc import Iterable

from cli.errors import SetupError

Migration = tuple[str, str]


def applied_migrations() -> list[Migration]:
    """(app, name) of each; Django is set up."""
    from django.db import connections
    from django.db.migrations.recorder import MigrationRecorder

    return sorted(MigrationRecorder(connections["system"]).applied_migrations())


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
