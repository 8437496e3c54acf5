"""`stonepine dump` and `stonepine drill`: a copy of the control plane, and that one was proven."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.entry import HomeOption
from cli.errors import SetupError
from cli.home import Home

if TYPE_CHECKING:
    from access.actor import Actor
    from cli.settings import Installation

_DOCUMENTATION = "docs/disaster-recovery.md"


def dump(
    file: Annotated[Path, typer.Argument(help="A new file, or a folder to put one in.")],
    *,
    home: HomeOption = None,
) -> None:
    """Write a dump of the control plane, sealed under the keyring; prints the file's name.

    Works whether Stonepine runs or not. Records are not in it: they are in the object store.
    """
    with _visited(home) as (installation, operator):
        typer.echo(str(_dumped(installation, operator, file)))


def drill(
    receipt: Annotated[
        Path, typer.Argument(help="The `restored.json` in the home that was restored.")
    ],
    *,
    home: HomeOption = None,
) -> None:
    """Note in the audit log that a dump of this installation was restored elsewhere, completely."""
    from cli.receipts import read_receipt

    with _visited(home) as (installation, operator):
        from keyring.local import LocalKeyring
        from orgs.installation.copies import note_drill

        told = read_receipt(receipt, LocalKeyring(installation.environment.keyring_dir))
        note_drill(operator, **told)
        typer.echo(f"Noted: restored at {told['drilled_at']} from a dump of {told['made_at']}.")


@contextmanager
def _visited(home: Path | None) -> "Iterator[tuple[Installation, Actor]]":
    from cli.settings import Installation
    from cli.visit import visiting

    chosen = Home.at(home)
    installation = Installation.read(chosen) if chosen.exists() else None
    with visiting(home):
        assert installation is not None
        from access.actor import OPERATOR
        from audit.context import AuditContext, Source, acting_from
        from kit.ids import new_id

        with acting_from(AuditContext(request_id=new_id().hex, source=Source.COMMAND_LINE)):
            yield installation, OPERATOR


def _dumped(installation: "Installation", operator: "Actor", file: Path) -> Path:
    from cli.dump_file import Header, write_dump
    from cli.embedded.copying import copied_out
    from cli.migrations import applied_migrations
    from indexes.deployment.archive import archive_log
    from keyring.local import LocalKeyring
    from kit import clock
    from orgs.installation.copies import note_dump

    if installation.postgres is None:
        raise SetupError(
            "The database is a PostgreSQL of your own: it is copied by its own means.",
            hint=f"See {_DOCUMENTATION}.",
        )
    archive_log()
    made_at = clock.now().isoformat(timespec="seconds")
    if file.is_dir():
        file /= f"stonepine-{made_at[:19].replace(':', '')}.dump"
    size = write_dump(
        file,
        LocalKeyring(installation.environment.keyring_dir),
        Header(made_at, applied_migrations(installation.postgres)),
        copied_out(installation.postgres),
        confirm=lambda: note_dump(operator, made_at=made_at),
    )
    typer.echo(f"{size} bytes, of {made_at}.", err=True)
    return file
