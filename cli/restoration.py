"""`stonepine restore-installation` and `stonepine recover`: a second home out of what is left."""

import json
import os
import shutil
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

from cli.entry import HomeOption, JsonOption, acting_operator, operating
from cli.errors import SetupError
from cli.home import Home
from cli.unfinished import filling, is_unfinished

if TYPE_CHECKING:
    from cli.dump_file import DumpFile
    from cli.settings import Installation
    from indexes.deployment.recovery import Recovery
    from keyring.local import LocalKeyring

_EMBEDDED_NEEDS = (
    "The embedded PostgreSQL of the new home is filled from a dump: name it by --dump."
)
_OWN_HAS = "The database is a PostgreSQL of your own: restore it by its own means, without --dump."


@dataclass(frozen=True, slots=True)
class Remains:
    """What is left of the first installation. None: the environment's settings name it."""

    dump: Path | None
    keyring: Path | None
    objects: Path | None


def restore_installation(
    *,
    home: HomeOption = None,
    dump: Annotated[
        Path | None, typer.Option(help="What `stonepine dump` wrote; for the embedded PostgreSQL.")
    ] = None,
    keyring: Annotated[
        Path | None, typer.Option(help="A copy of the keyring; else STONEPINE_KEYRING_DIR.")
    ] = None,
    objects: Annotated[
        Path | None,
        typer.Option(help="A folder of objects to copy in; else OBJECT_STORE_URL, in its place."),
    ] = None,
    port: Annotated[int | None, typer.Option(help="Base port of the new home.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Make a new home of a dump, a keyring and the object store. `stonepine up` starts it.

    The home must be empty, and the first installation must not run on the same object store. Exit
    code 1: it is there, but something of it is damaged or held back.
    """
    chosen = Home.at(home)
    _require_empty(chosen.path)
    os.umask(0o077)
    with filling(chosen):
        recovery = _restored(chosen, Remains(dump, keyring, objects), port)
    told = recovery.to_json()
    typer.echo(json.dumps(told, indent=1) if as_json else _in_words(recovery))
    raise typer.Exit(1 if recovery.held_back or recovery.damages else 0)


def recover(
    index: Annotated[UUID, typer.Argument(help="The index's id.")], *, home: HomeOption = None
) -> None:
    """Have an index served that `restore-installation` held back, now that its key can be used."""
    with operating(home) as operator:
        from indexes.deployment.recovery import recover_index
        from indexes.queries import index_by_id

        recovery = recover_index(operator, index_by_id(operator, index))
        typer.echo(_in_words(recovery))
        raise typer.Exit(1 if recovery.held_back or recovery.damages else 0)


def take_over_objects(home: HomeOption = None) -> None:
    """Make the object store this installation's, after the one that it belonged to is gone.

    For a database that came into another cluster by its own means; the installation may stand
    still, as one does that was refused the store. What another installation would still write
    there, or sweep up, is lost to one of the two.
    """
    from cli.visit import visiting

    with visiting(home), acting_operator() as operator:
        from indexes.deployment.own_store import take_over_store
        from orgs.installation.copies import note_take_over

        is_changed = take_over_store()
        if is_changed:
            note_take_over(operator)
    typer.echo("The object store is this installation's" + (" now." if is_changed else " already."))


def _restored(home: Home, remains: Remains, port: int | None) -> "Recovery":
    from cli.instance import InstanceLock
    from cli.settings import Installation
    from keyring.local import LocalKeyring

    with ExitStack() as stack:
        stack.callback(InstanceLock.take(home).release)
        _copy_keyring(home, remains.keyring)
        _copy_objects(home, remains.objects)
        installation = Installation.of(home, port)
        os.environ.update(installation.children_environment() | installation.owner_environment())
        keyring = LocalKeyring(installation.environment.keyring_dir)
        made_at = _fill(stack, installation, keyring, remains.dump)
        recovery = _recovered(made_at)
        home.remember(port=installation.environment.port)
        if not recovery.held_back and not recovery.damages:
            _give_receipt(home, keyring, made_at, recovery)
        return recovery


def _fill(
    stack: ExitStack, installation: "Installation", keyring: "LocalKeyring", dump: Path | None
) -> str:
    """Bring the database to where the dump was; when that was."""
    import django

    from cli.database import prepare
    from cli.dump_file import DumpFile
    from cli.migrations import require_known
    from cli.visit import running_server

    server = installation.postgres
    if (server is None) is not (dump is None):
        raise SetupError(_OWN_HAS if server is None else _EMBEDDED_NEEDS)
    django.setup()
    if server is None or dump is None:
        prepare(None, may_be_taken_over=True)
        return "the database's own"
    found = DumpFile.open(dump, keyring)
    require_known(found.header.migrations)
    stack.enter_context(running_server(server))
    _copy_in(installation, found)
    prepare(server, may_be_taken_over=True)
    return found.header.made_at


def _copy_in(installation: "Installation", dump: "DumpFile") -> None:
    from cli.embedded.copying import copy_in

    assert installation.postgres is not None
    installation.postgres.ensure_database()
    copy_in(installation.postgres, dump.database())


def _recovered(made_at: str) -> "Recovery":
    from access.actor import OPERATOR
    from audit.context import AuditContext, Source, acting_from
    from audit.signing import open_epochs
    from indexes.deployment.listeners import publish_listeners
    from indexes.deployment.own_store import take_over_store
    from indexes.deployment.recovery import recover_indexes
    from kit.ids import new_id
    from orgs.installation.copies import note_restoration

    with acting_from(AuditContext(request_id=new_id().hex, source=Source.COMMAND_LINE)):
        openings = open_epochs(copied_at=made_at)
        recovery = recover_indexes(OPERATOR)
        take_over_store()
        note_restoration(OPERATOR, openings, made_at=made_at, **_counts(recovery))
    # The gateway listens for every index from its first moment on.
    publish_listeners()
    return recovery


def _copy_keyring(home: Home, source: Path | None) -> None:
    """For us alone, however open the copy lay."""
    from keyring import files

    if (source is None) is not bool(os.environ.get("STONEPINE_KEYRING_DIR")):
        raise SetupError(
            "Which keyring?", hint="Name a copy of it by --keyring, or set STONEPINE_KEYRING_DIR."
        )
    if source is None:
        return
    if not source.is_dir():
        raise SetupError(f"There is no keyring at {source}.")
    files.make_private_folder(home.keyring_dir)
    for path in sorted(source.rglob("*")):
        own = home.keyring_dir / path.relative_to(source)
        if path.is_symlink() or not (path.is_dir() or path.is_file()):
            raise SetupError(f"{path} is neither file nor folder: that is no keyring of ours.")
        if path.is_dir():
            files.make_private_folder(own)
        else:
            files.write_new(own, path.read_bytes())


def _copy_objects(home: Home, source: Path | None) -> None:
    told = os.environ.get("OBJECT_STORE_URL")
    if (source is None) is not bool(told):
        raise SetupError(
            "Which object store?",
            hint="Set OBJECT_STORE_URL, or name a folder that is copied by --objects.",
        )
    if source is None:
        return
    if not source.is_dir():
        raise SetupError(f"There are no objects at {source}.")
    try:
        shutil.copytree(
            source, home.objects_dir, dirs_exist_ok=True, ignore=shutil.ignore_patterns(".*")
        )
    except shutil.Error as error:
        raise SetupError(f"The objects cannot be copied: {error.args[0][0][2]}.") from error


def _require_empty(path: Path) -> None:
    if is_unfinished(path):
        return  # a restore that was cut off begins anew
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise SetupError(
            f"{path} is not empty: an installation is restored into an empty home only.",
            hint="Choose another --home. Nothing was changed.",
        )


def _give_receipt(home: Home, keyring: "LocalKeyring", made_at: str, recovery: "Recovery") -> None:
    from cli.receipts import write_receipt
    from kit import clock

    now = clock.now().isoformat(timespec="seconds")
    write_receipt(home.path, keyring, made_at=made_at, drilled_at=now, **_counts(recovery))


def _counts(recovery: "Recovery") -> dict[str, Any]:
    return {
        "indexes": recovery.indexes, "namespaces": recovery.namespaces,
        "batches": recovery.batches, "held_back": len(recovery.held_back),
        "damages": len(recovery.damages),
    }  # fmt: skip


def _in_words(recovery: "Recovery") -> str:
    until = f", the last write at {recovery.until:%Y-%m-%d %H:%M:%S}Z" if recovery.until else ""
    return "\n".join(
        [
            f"{recovery.indexes} indexes with {recovery.namespaces} namespaces are there; "
            f"{recovery.batches} batches of their logs came from the archive{until}.",
            *(f"DELETED since the dump, and so again: index {one}" for one in recovery.deleted),
            *(f"DELETED since the dump: namespace {one}" for one in recovery.gone),
            *(f"MADE since the dump, and unknown to it: index {one}" for one in recovery.unknown),
            *(
                f"HELD BACK, not served: {name}\n  {reason}"
                for name, reason in recovery.held_back.items()
            ),
            *(f"DAMAGED {one.part}: {one.subject}\n  {one.what}" for one in recovery.damages),
        ]
    )
