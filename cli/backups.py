"""`stonepine backup …` and `stonepine digest`: backups of any index, and what an index holds."""

import json
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

import typer

from cli.entry import HomeOption, JsonOption, enter, operating

backups = typer.Typer(help="Backups of indexes: take, list, restore.", no_args_is_help=True)
IndexArgument = Annotated[UUID, typer.Argument(help="The index's id.")]


@backups.command()
def create(
    index: IndexArgument,
    *,
    name: Annotated[str, typer.Option(help="What to call it.")] = "",
    home: HomeOption = None,
) -> None:
    """Ask for a backup of the index; prints its id."""
    with operating(home) as operator:
        from indexes.backups import create_backup
        from indexes.queries import index_by_id

        typer.echo(str(create_backup(operator, index_by_id(operator, index), name=name).pk))


@backups.command("list")
def list_backups(index: IndexArgument, *, home: HomeOption = None) -> None:
    """The index's backups, the newest first, also when the index has gone."""
    with operating(home) as operator:
        from indexes.backup_queries import backups_of

        for one in backups_of(operator, index):
            records = f"{one.record_count} records, {one.size_bytes} bytes"
            told = f"{one.pk}  {one.created_at:%Y-%m-%d %H:%M:%S}Z  {one.status}  {records}"
            if one.verified_at is not None:
                told += f"  {one.verification} {one.verified_at:%Y-%m-%d %H:%M:%S}Z"
            typer.echo(told)


@backups.command()
def restore(
    backup: Annotated[UUID, typer.Argument(help="The backup's id.")],
    name: Annotated[str, typer.Argument(help="The name of the index to make.")],
    *,
    home: HomeOption = None,
) -> None:
    """Make a new index of the backup, in the project of the old one; prints the job's id."""
    with operating(home) as operator:
        from indexes.backup_queries import backup_by_id
        from indexes.restores import create_index_from_backup

        found = backup_by_id(operator, backup)
        typer.echo(str(create_index_from_backup(operator, found, name=name).pk))


@backups.command()
def verify(
    backup: Annotated[UUID, typer.Argument(help="The backup's id.")],
    *,
    home: HomeOption = None,
) -> None:
    """Have the backup restored into a scratch place and compared; `list` shows the answer."""
    with operating(home) as operator:
        from indexes.backup_queries import backup_by_id
        from indexes.verifications import verify_backup

        typer.echo(str(verify_backup(operator, backup_by_id(operator, backup)).pk))


@backups.command("restore-to")
def restore_to(
    index: IndexArgument,
    moment: Annotated[datetime, typer.Argument(help="UTC, such as 2026-11-25T21:30:00.")],
    name: Annotated[str, typer.Argument(help="The name of the index to make.")],
    *,
    home: HomeOption = None,
) -> None:
    """Make a new index of what the index was at a second; prints the job's id."""
    with operating(home) as operator:
        from indexes.moments import create_index_from_moment
        from indexes.queries import index_by_id

        found, at = index_by_id(operator, index), moment.replace(tzinfo=UTC)
        typer.echo(str(create_index_from_moment(operator, found, restore_to=at, name=name).pk))


def digest(index: IndexArgument, *, home: HomeOption = None, as_json: JsonOption = False) -> None:
    """A digest of all records of the index: equal for two indexes that hold the same.

    Reads log and segments, so it takes as long as a full read of the index.
    """
    enter(home)
    from access.actor import OPERATOR
    from dataplane.builder.digest import DigestSite, index_digest
    from indexes.queries import index_by_id
    from kit.environment import environment
    from projects.keys import newest_data_key
    from storage.database import connect
    from storage.objects import open_object_store

    here = environment()
    found = index_by_id(OPERATOR, index)
    key = newest_data_key(found.project_id, using="system")
    with connect(here.database_system_url.get_secret_value(), name="digest") as connection:
        store = open_object_store(here.object_store_url)
        parts = DigestSite(connection, store, key, found.pk).namespaces()
    whole = index_digest(parts)
    if not as_json:
        typer.echo(whole)
        return
    told = {
        name: {"lsn": one.lsn, "record_count": one.record_count, "digest": one.digest}
        for name, one in parts.items()
    }
    typer.echo(json.dumps({"digest": whole, "namespaces": told}, indent=1))
